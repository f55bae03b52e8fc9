// Messages as JSON and back, and the schema that says what they look like.
import { readFileSync } from 'node:fs';
import t from 'tap';
import { z } from 'zod';
import {
  decode,
  encode,
  fromJson,
  hexOf,
  JsonProblem,
  messageSchema,
  toJson,
  type Message,
} from '../../src/ofp/index.js';
import { everyMessage } from './every-message.js';
import { bytesOf, dumps, ofctlFrames } from './vectors.js';

const frames = [
  ...ofctlFrames(),
  ...['ovs-vswitchd-flows', 'ovs-vswitchd-groups', 'ovs-print'].flatMap((name) =>
    dumps(name).map(({ frame }) => frame),
  ),
];
// As a flow_mod it would come back as the load that it stands for.
const masked: Message = {
  type: 'packet_out',
  bufferId: 1,
  inPort: 1,
  actions: [{ type: 'set_field', field: 'xxreg0', value: 1n << 127n, mask: 1n << 127n }],
  data: new Uint8Array(),
};
const messages: readonly Message[] = [
  ...everyMessage,
  masked,
  ...frames.map((frame) => decode(bytesOf(frame)).message),
];
const written = (message: Message) => JSON.stringify(toJson(message));
const nameOf = (message: Message) => (`kind` in message ? `${message.type} ${message.kind}` : message.type);

void t.test('every message comes back from JSON as it was', (t) => {
  for (const message of messages) t.same(fromJson(JSON.parse(written(message))), message, nameOf(message));
  t.end();
});

void t.test('every message is encoded, and what is decoded of it is the same in JSON', (t) => {
  for (const message of everyMessage)
    t.equal(written(decode(encode(message, 1)).message), written(message), nameOf(message));
  t.end();
});

void t.test('the schema in docs is that of the code, and every message keeps to it', (t) => {
  const file = readFileSync(new URL('../../../docs/openflow.schema.json', import.meta.url), 'utf8');
  t.same(JSON.parse(file), JSON.parse(JSON.stringify(messageSchema())), 'node scripts/docs.mjs writes it');
  // The file is a schema of the draft that it names.
  const schema = z.fromJSONSchema(JSON.parse(file) as Parameters<typeof z.fromJSONSchema>[0]);
  for (const message of messages) t.ok(schema.safeParse(JSON.parse(written(message))).success, nameOf(message));
  t.end();
});

const flow = {
  type: 'packet_out',
  bufferId: 1,
  inPort: 1,
  data: '',
};
const faults: readonly (readonly [unknown, RegExp])[] = [
  [[], /the message: is no object/],
  [{}, /^type: is none of hello, /],
  [{ type: 'flow_mod' }, /^command: is missing/],
  [{ type: 'hello', versions: [4, 256] }, /^versions\[1\]: is no whole number from 0 to 255/],
  [{ type: 'hello', versions: [4], extra: 1 }, /^extra: is not known here/],
  [{ type: 'echo_reply', data: '0x01' }, /^data: is no string of hex/],
  [{ type: 'role_reply', role: 'equal', generationId: '0x10000000000000000' }, /^generationId: has more than 64 bits/],
  [{ type: 'multipart_request', kind: 'nothing' }, /^kind: is none of desc, /],
  [{ type: 'nx_packet_in2', match: { in_port: { value: 1, mask: '1' } } }, /^match.in_port.mask: is no whole number/],
  [{ type: 'nx_packet_in2', match: { reg16: 1 } }, /^match.reg16: is no field/],
  [{ ...flow, actions: [{ type: 'fly' }] }, /^actions\[0\].type: is none of output, /],
  [{ ...flow, actions: [{ type: 'set_field', field: 'eth_type', value: 1 }] }, /^actions\[0\].field: is none of /],
  [
    { ...flow, actions: [{ type: 'set_field', field: 'vlan_pcp', value: 256 }] },
    /^actions\[0\].value: is no whole number/,
  ],
  [
    { ...flow, actions: [{ type: 'clone', actions: [{ type: 'group' }] }] },
    /^actions\[0\].actions\[0\].groupId: is missing/,
  ],
];

void t.test('JSON that is no message is refused with the place and the reason, by the schema too', (t) => {
  const schema = z.fromJSONSchema(
    JSON.parse(JSON.stringify(messageSchema())) as Parameters<typeof z.fromJSONSchema>[0],
  );
  for (const [json, message] of faults) {
    t.throws(() => fromJson(json), { name: 'JsonProblem', message }, JSON.stringify(json));
    t.notOk(json !== faults[6]?.[0] && schema.safeParse(json).success, JSON.stringify(json));
  }
  t.end();
});

void t.test('bigints may be given in decimal, in hex, or as a number where one is exact', (t) => {
  for (const generationId of ['255', '0xff', 255])
    t.same(fromJson({ type: 'role_reply', role: 'equal', generationId }), {
      type: 'role_reply',
      role: 'equal',
      generationId: 255n,
    });
  t.throws(() => fromJson({ type: 'role_reply', role: 'equal', generationId: -1 }), JsonProblem);
  t.equal(hexOf(encode(fromJson({ type: 'echo_reply', data: 'AB' }), 1)), '0403000900000001ab');
  t.end();
});
