import t from 'tap';
import { formatAddress, parseAddress } from '../../src/switch/address.js';

void t.test('addresses are read in every spelling and written in one', (t) => {
  const spellings = [
    ['tcp:192.0.2.1:6653', 'tcp:192.0.2.1:6653'],
    ['192.0.2.1:16653', 'tcp:192.0.2.1:16653'],
    ['0.0.0.0', 'tcp:0.0.0.0:6653'],
    ['tcp:[2001:db8::1]:6633', 'tcp:[2001:db8::1]:6633'],
    ['[::]', 'tcp:[::]:6653'],
    ['chassis-1.example:0', 'tcp:chassis-1.example:0'],
    ['unix:/run/openvswitch/br-int.mgmt', 'unix:/run/openvswitch/br-int.mgmt'],
    ['/run/damselfly.sock', 'unix:/run/damselfly.sock'],
  ] as const;
  for (const [text, canonical] of spellings) {
    const address = parseAddress(text);
    t.ok(address, text);
    t.equal(address && formatAddress(address), canonical);
  }
  t.end();
});

void t.test('what is no address is none', (t) => {
  for (const text of [
    '',
    'tcp:',
    ':6653',
    'host:65536',
    'host:-1',
    'host:port',
    '2001:db8::1',
    'udp:192.0.2.1:6653',
    'unix:relative',
  ]) {
    t.equal(parseAddress(text), undefined, text);
  }
  t.end();
});
