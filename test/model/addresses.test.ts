// Addresses as numbers and back.
import fc from 'fast-check';
import t from 'tap';
import { addressFrom, addressNumber, ipv4Number, parseAddress } from '../../src/model/addresses.js';

void t.test('an address and its number say the same, in both families', (t) => {
  const address = fc.oneof(
    fc.tuple(fc.constant(4 as const), fc.bigInt(0n, 2n ** 32n - 1n)),
    fc.tuple(fc.constant(6 as const), fc.bigInt(2n ** 64n, 2n ** 128n - 1n)),
  );
  fc.assert(
    fc.property(address, ([family, number]) => {
      const { text } = addressFrom(family, number);
      const parsed = parseAddress(text);
      if (parsed === undefined) return false;
      return addressNumber(parsed) === number && (family === 6 || BigInt(ipv4Number(parsed)) === number);
    }),
  );
  t.equal(ipv4Number({ family: 4, text: '255.255.255.255' }), 0xffffffff, 'unsigned');
  t.end();
});
