// A template writes what the encoder writes, for any numbers; what it cannot write it refuses.
import fc from 'fast-check';
import t from 'tap';
import {
  apply,
  encode,
  EncodeError,
  flowMod,
  goto,
  hexOf,
  load,
  output,
  setField,
  Template,
  Writer,
  type Message,
} from '../../src/ofp/index.js';

interface Shape {
  readonly name: string;
  readonly bits: readonly number[];
  readonly make: (...numbers: number[]) => Message;
}

const dispatch = (cookie: number, key: number, port: number) =>
  flowMod({
    table: 115,
    priority: 100,
    cookie: (0xd5f1n << 48n) | BigInt(cookie),
    match: { reg7: key },
    instructions: [apply(output(port))],
  });

const shapes: readonly Shape[] = [
  { name: 'a flow with a register and a port', bits: [40, 32, 32], make: dispatch },
  {
    name: 'numbers of 1 to 48 bits, one of them in three places',
    bits: [1, 12, 24, 48, 16, 8],
    make: (pop = 0, vid = 0, spi = 0, mac = 0, priority = 0, table = 0) =>
      flowMod({
        table,
        priority,
        match: { eth_dst: mac, eth_src: mac, vlan_vid: 0x1000 | vid, mpls_bos: pop, nsh_spi: spi },
        instructions: [apply(setField('arp_sha', mac), load('tun_id', 0x1000 | vid)), goto(7)],
      }),
  },
  {
    name: 'a message within a message, whose xid is in both',
    bits: [32, 40, 32, 32],
    make: (bundleId = 0, ...numbers) => ({
      type: 'bundle_add',
      bundleId,
      flags: 3,
      message: dispatch(...(numbers as [number, number, number])),
    }),
  },
];

for (const { name, bits, make } of shapes) {
  void t.test(`${name}: a template writes what the encoder writes`, (t) => {
    const template = new Template(bits, make);
    const writer = new Writer(8);
    const numbers = fc.tuple(...bits.map((length) => fc.nat(2 ** length - 1)));
    fc.assert(
      fc.property(fc.nat(2 ** 32 - 1), fc.array(numbers, { minLength: 1, maxLength: 3 }), (xid, all) => {
        writer.reset();
        for (const some of all) template.write(writer, xid, some);
        return hexOf(writer.peek()) === all.map((some) => hexOf(encode(make(...some), xid))).join('');
      }),
    );
    t.equal(template.size, encode(make(...bits.map(() => 0)), 0).length);
    t.end();
  });
}

void t.test('a number of too many bits is refused, and nothing is written', (t) => {
  const template = new Template([40, 32, 32], dispatch);
  const writer = new Writer();
  for (const numbers of [
    [2 ** 40, 0, 0],
    [0, 2 ** 32, 0],
    [0, 0, -1],
    [0, 0, NaN],
    [0, 0],
  ])
    t.throws(() => {
      template.write(writer, 1, numbers);
    }, EncodeError);
  t.throws(() => {
    template.write(writer, 2 ** 32, [0, 0, 0]);
  }, EncodeError);
  t.equal(writer.size, 0);
  t.end();
});

void t.test('a shape that its numbers change is no template', (t) => {
  const masked = (mask: number) =>
    flowMod({ table: 0, priority: 1, match: { reg0: { value: 0, mask } }, instructions: [] });
  t.throws(() => new Template([32], masked), /depends on its numbers/, 'a mask without ones is not written');
  const shifted = (dscp: number) => flowMod({ table: 0, priority: dscp << 2, match: {}, instructions: [] });
  t.throws(() => new Template([6], shifted), /does not end with a byte/);
  const ignored = () => flowMod({ table: 0, priority: 1, match: {}, instructions: [] });
  t.throws(() => new Template([6], ignored), /does not end with a byte/);
  const swapped = (number: number) =>
    flowMod({ table: 0, priority: (number >> 8) | ((number & 0xff) << 8), match: {}, instructions: [] });
  t.throws(() => new Template([16], swapped), /not beside the bit before it|does not end/);
  t.throws(() => new Template([54], ignored), /a number of 54 bits/);
  t.end();
});
