// Decoding and encoding again gives back what Open vSwitch made.
import t from 'tap';
import { decode, encode, hexOf } from '../../src/ofp/index.js';
import { bytesOf, ofctlFrames, vectors } from './vectors.js';

const again = (hex: string) => {
  const { xid, message } = decode(bytesOf(hex));
  return hexOf(encode(message, xid));
};

const text = (_: string, value: unknown) => (typeof value === 'bigint' ? value.toString() : value);

for (const name of ['ovs-ofctl-flows', 'ovs-ofctl-messages']) {
  void t.test(`${name}: what ovs-ofctl encoded is encoded again to the same bytes`, (t) => {
    for (const { command, argument, frames } of vectors(name))
      for (const frame of frames) t.equal(again(frame), frame, `${command} ${argument}`);
    t.end();
  });
}

void t.test('nothing that ovs-ofctl says is unknown', (t) => {
  const unknowns = ofctlFrames().filter((hex) =>
    JSON.stringify(decode(bytesOf(hex)).message, text).includes('"unknown"'),
  );
  t.same(unknowns, []);
  t.end();
});
