import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import t from 'tap';
import { z } from 'zod';
import { NbError } from '../../src/model/errors.js';
import { kinds, schemas } from '../../src/model/kinds.js';
import { childId, parseKind, parseObject } from '../../src/model/parse.js';

const refusal = (run: () => unknown): string => {
  try {
    run();
  } catch (error) {
    if (error instanceof NbError) return error.message;
    throw error;
  }
  return 'accepted';
};

void t.test('an lport is read with its defaults, canonical addresses and complete references', (t) => {
  const object = parseObject(
    'lport',
    'red',
    'vm1',
    { lswitch: 'net1', macs: ['FA-16-3E-00-00-01'], ips: ['10.1.0.5', 'FE80:0::1'] },
    7,
  );
  t.match(object, {
    kind: 'lport',
    ref: 'red/vm1',
    revision: 7,
    value: {
      lswitch: 'red/net1',
      macs: ['fa:16:3e:00:00:01'],
      ips: ['10.1.0.5', 'fe80::1'],
      enabled: true,
      port_security: true,
      unknown_vlans: 'passthrough',
    },
  });
  t.end();
});

/** Values of which most are allowed in some field, and every field has one that is allowed in it. */
const plausible = fc.oneof(
  {
    arbitrary: fc.constantFrom<unknown>(undefined, null, true, 1, 100, 4095, 0x88b5, 'auto', 'net1', 'blue/net1'),
    weight: 3,
  },
  fc.constantFrom<unknown>([], ['net1', ''], ['vxlan', 'gre'], 'vxlan', 'vlan', 'drop', '10.1.0.0/24', '10.1.0.9'),
  fc.constantFrom<unknown>(
    ['FA:16:3E:00:00:01'],
    ['10.1.0.7', 'FE80::1'],
    ['01:00:00:00:00:01'],
    ['10.01.0.7'],
    [0x88b5],
  ),
  fc.constantFrom<unknown>([{ start: '10.1.0.3', end: '10.1.0.9' }], [{ start: '10.1.0.9', end: '10.1.0.3' }], [{}]),
  fc.constantFrom<unknown>(
    [{ ip_address: '10.1.0.9' }],
    [{ ip_address: 'FE80::1/64', mac_address: 'FA-16-3E-00-00-01' }],
  ),
  fc.constantFrom<unknown>(
    { type: 'chassis', chassis: 'c1' },
    { type: 'vtep', vtep_address: '192.0.2.1', ttl: 'inherit' },
  ),
);

void t.test('what is read is what the schema says', (t) => {
  const required = { lswitch: 'blue/net1', parent: 'blue/net1', port: 'blue/net1', cidr: '10.1.0.0/24' };
  let accepted = 0;
  for (const kind of kinds) {
    const names = Object.keys(schemas[kind].shape);
    const base = Object.fromEntries(Object.entries(required).filter(([name]) => names.includes(name)));
    const some = fc.dictionary(fc.constantFrom(...names, 'other'), plausible, { maxKeys: 4 });
    const asSchema = fc.property(some, (fields) => {
      const { success, data } = schemas[kind].safeParse({ ...base, ...fields });
      const read = () => parseObject(kind, 'red', 'x', { ...base, ...fields });
      if (!success) return refusal(read) !== 'accepted';
      accepted += 1;
      const { value } = read();
      const complete = (name: string, text: unknown) =>
        ['lswitch', 'parent', 'port'].includes(name) && !String(text).includes('/') ? `red/${String(text)}` : text;
      return isDeepStrictEqual(
        value,
        Object.fromEntries(Object.entries(data).map(([name, each]) => [name, complete(name, each)])),
      );
    });
    fc.assert(asSchema, { numRuns: 300 });
  }
  t.ok(accepted > 100, `${accepted} were accepted`);
  t.end();
});

/** Every text and list of a JSON Schema that may be as long as somebody likes. */
function unbounded(schema: unknown, path = ''): string[] {
  if (typeof schema !== 'object' || schema === null) return [];
  const { type, maxItems, maxLength, pattern, enum: values, const: value } = schema as Record<string, unknown>;
  const isOpen =
    (type === 'array' && maxItems === undefined) ||
    (type === 'string' && [maxLength, pattern, values, value].every((bound) => bound === undefined));
  return [
    ...(isOpen ? [path] : []),
    ...Object.entries(schema).flatMap(([key, inner]) => unbounded(inner, `${path}/${key}`)),
  ];
}

void t.test('every list and every text of every kind has a bound, which the schema and the refusal name', (t) => {
  for (const kind of kinds) t.same(unbounded(z.toJSONSchema(schemas[kind], { io: 'input' })), [], kind);
  const many = (count: number) => Array.from({ length: count }, (_, i) => `t${i}`);
  const net = (fields: object) => refusal(() => parseObject('lswitch', 'red', 'n', fields));
  t.equal(net({ shared_with: many(256), name: 'x'.repeat(255) }), 'accepted');
  t.match(
    net({ shared_with: many(257) }),
    /^lswitch red\/n: shared_with: \[.*not allowed: a list of at most 256 tenants$/,
  );
  t.match(net({ allow_remote: many(257) }), /allow_remote: .*a list of at most 256 tenants$/);
  t.match(net({ name: 'x'.repeat(256) }), /name: "x+\.\.\.: not allowed: a text of 0 to 255 characters$/);
  const port = (fields: object) => refusal(() => parseObject('lport', 'red', 'p', { lswitch: 'n', ...fields }));
  t.match(
    port({ macs: Array.from({ length: 65 }, () => 'fa:16:3e:00:00:01') }),
    /macs: .*a list of at most 64 MAC addresses$/,
  );
  t.match(port({ allowed_ethertypes: Array.from({ length: 65 }, () => 0x88b5) }), /at most 64 ethertypes$/);
  t.match(
    port({ binding: { type: 'chassis', chassis: '' } }),
    /binding\.chassis: "": not allowed: the name of a chassis: 1 to 63 bytes/,
  );
  t.end();
});

void t.test('a name is one token of a key, and harmless on a terminal', (t) => {
  const names = ['é'.repeat(31), 'c1.example.org', 'a=b'];
  const others = ['é'.repeat(32), 'x'.repeat(64), 'a\u001b[31m', 'a\u0000', 'a\u202eb', '\ud800', 'a b', ''];
  const port = (lswitch: string) => refusal(() => parseObject('lport', 'red', 'p', { lswitch }));
  const shared = (tenant: string) => refusal(() => parseObject('lswitch', 'red', 'n', { shared_with: [tenant] }));
  for (const name of names)
    for (const said of [port(name), port(`${name}/net`), shared(name)]) t.equal(said, 'accepted', name);
  for (const name of others) {
    t.match(port(name), /^lport red\/p: lswitch: ".*": not allowed: a reference/, name);
    t.match(port(`${name}/net`), /not allowed: a reference/, name);
    t.match(shared(name), /not allowed: the name of a tenant/, name);
  }
  t.notMatch(port('a\u001b[31m'), '\u001b', 'it is not repeated as it is');
  t.end();
});

void t.test('every fault is named with field, value and what is allowed', (t) => {
  t.equal(
    refusal(() => parseObject('lport', 'red', 'vm1', { lswitch: 'net1', macs: ['01:16:3e:00:00:01'], enable: true })),
    'lport red/vm1: macs.0: "01:16:3e:00:00:01": not allowed: a unicast MAC address, as fa:16:3e:00:00:01\n' +
      'lport red/vm1: enable: not a field of lport; did you mean enabled?',
  );
  for (const id of [-1, '7', 1.5])
    t.match(
      refusal(() =>
        parseObject('child_port_segmentation', 'red', 'c', { parent: 'p', port: 'c', segmentation_id: id }),
      ),
      /segmentation_id: .*: not allowed: an integer, from 1 to 4094 for vlan$/,
    );
  t.match(
    refusal(() => parseKind('object 3', 'lprot')),
    /did you mean lport/,
  );
  t.end();
});

void t.test('what a subnet names is within it', (t) => {
  const subnet = (fields: object) => refusal(() => parseObject('subnet', 'red', 's', { lswitch: 'n', ...fields }));
  const cidr = '10.1.0.0/24';
  const range = (start: string, end: string) => ({
    cidr,
    allocation: [
      { start: '10.1.0.9', end: '10.1.0.9' },
      { start, end },
    ],
  });
  t.equal(
    subnet({ cidr, gateway_ip: '10.2.0.1' }),
    'subnet red/s: gateway_ip: "10.2.0.1": not allowed: an address of 10.1.0.0/24',
  );
  t.match(subnet({ cidr, gateway_ip: 'fd00::1' }), /gateway_ip: "fd00::1": not allowed/);
  t.match(subnet({ cidr, gateway_ip: 'fe80::1' }), 'not allowed', 'link-local is of the other family');
  t.match(subnet(range('10.1.0.5', '10.1.1.5')), 'allocation.1: "10.1.1.5": not allowed: addresses of 10.1.0.0/24');
  t.match(subnet(range('10.1.0.5', '10.1.0.4')), 'allocation.1: "10.1.0.5 to 10.1.0.4": not allowed: a first address');
  t.match(subnet({ cidr: '10.1.0.0/33', gateway_ip: '10.1.0.1' }), /^subnet red\/s: cidr: [^\n]*$/);
  for (const [prefix, gateway] of [
    [cidr, '10.1.0.1'],
    ['fd00:1::/64', 'fd00:1::1'],
    ['fd00:1::/64', 'fe80::1'],
  ])
    t.doesNotThrow(() => parseObject('subnet', 'red', 's', { lswitch: 'n', cidr: prefix, gateway_ip: gateway }));
  t.end();
});

void t.test('a VTEP address must be one that a tunnel can reach', (t) => {
  for (const address of [
    '224.0.0.1',
    '255.255.255.255',
    '0.0.0.0',
    'ff02::1',
    '::',
    '127.0.0.1',
    '10.1.1',
    'garbage',
    '::ffff:10.0.0.1',
    'fe80::1',
  ])
    t.match(
      refusal(() =>
        parseObject('lport', 'red', 'db', { lswitch: 'n', binding: { type: 'vtep', vtep_address: address } }),
      ),
      /binding\.vtep_address: .*tunnel endpoint/,
      address,
    );
  t.end();
});

void t.test('the binding profile of the specification is the vtep binding that it means', (t) => {
  const written = { lswitch: 'n', binding_profile: { port_key: 'remote_port', host_ip: '2001:DB8:0::9' } };
  t.match(parseObject('lport', 'red', 'db', written).value, { binding: { type: 'vtep', vtep_address: '2001:db8::9' } });
  t.match(
    refusal(() => parseObject('lport', 'red', 'db', { lswitch: 'n', binding_profile: { port_key: 'x' } })),
    /port_key: "x": must be remote_port\n.*host_ip: missing/,
  );
  t.end();
});

void t.test('a stored form of a later release is refused by name', (t) => {
  t.match(
    refusal(() => parseObject('lswitch', 'red', 'n', { schema: 2 })),
    /schema: 2: newer than this controller/,
  );
  t.equal(
    refusal(() => parseObject('lswitch', 'red', 'n', { schema: 1 })),
    'accepted',
  );
  t.end();
});

void t.test('the id of a child is a function of parent and port', (t) => {
  t.equal(childId('vm1', 'vm1-net2'), childId('vm1', 'vm1-net2'));
  t.not(childId('vm1', 'vm1-net2'), childId('vm1', 'vm1-net3'));
  t.match(childId('a', 'b'), /^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  t.end();
});
