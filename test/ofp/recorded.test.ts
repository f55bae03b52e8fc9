// What Open vSwitch sent and printed, thousands of times, is read, printed and written again as it was.
import t from 'tap';
import { decode, encode, errorName, formatFlow, formatMessage, hexOf, parseFlow } from '../../src/ofp/index.js';
import { vectorRows } from './vector-rows.js';
import { bytesOf } from './vectors.js';

const again = (hex: string) => {
  const { xid, message } = decode(bytesOf(hex));
  return hexOf(encode(message, xid));
};

const asText = (_: string, value: unknown) => (typeof value === 'bigint' ? value.toString() : value);
const hasUnknown = (hex: string) => JSON.stringify(decode(bytesOf(hex)).message, asText).includes('"unknown"');

// A reply with one entry of a flow dump.
const replyOf = (entry: string) =>
  `0413${(16 + entry.length / 2).toString(16).padStart(4, '0')}00000000000100000000000000`.slice(0, 32) + entry;

void t.test('flows: the text that is dumped is parsed to the bytes that ovs-ofctl makes of it', (t) => {
  const { rows } = vectorRows('ovs-flows');
  const others = rows.filter(([text = '', sent]) => hexOf(encode(parseFlow(text), 0)) !== sent);
  t.same(others, []);
  t.ok(rows.length >= 1000);
  t.end();
});

void t.test(
  'flows: what ovs-ofctl sends and ovs-vswitchd dumps is encoded again to the same bytes, and printed as it is',
  (t) => {
    for (const [text = '', sent = '', entry = ''] of vectorRows('ovs-flows').rows) {
      if (again(sent) !== sent) t.equal(again(sent), sent, text);
      const reply = replyOf(entry);
      if (again(reply) !== reply) t.equal(again(reply), reply, text);
      const { message } = decode(bytesOf(reply));
      const [flow] = message.type === 'multipart_reply' && message.kind === 'flow' ? message.entries : [];
      const printed = flow && formatFlow(flow);
      if (printed !== text) t.equal(printed, text);
    }
    t.end();
  },
);

void t.test('errors: each has the name that ovs-ofctl prints, and is encoded again to the same bytes', (t) => {
  const { rows } = vectorRows('ovs-errors');
  for (const [, error = '', name] of rows) {
    const { message } = decode(bytesOf(error));
    const ours = message.type === 'error' ? errorName(message.errorType, message.code, message.experimenter) : '';
    if (ours !== name || again(error) !== error) t.same([ours, again(error)], [name, error]);
  }
  t.ok(rows.length >= 1000);
  t.ok(new Set(rows.map(([, , name]) => name)).size >= 40, 'of many names');
  t.end();
});

void t.test(
  'a session: everything that ovs-vswitchd said is encoded again to the same bytes, and nothing is unknown',
  (t) => {
    const { rows } = vectorRows('ovs-session');
    for (const [what = '', frame = ''] of rows) if (again(frame) !== frame) t.equal(again(frame), frame, what);
    t.same(
      rows.filter(([, frame = '']) => hasUnknown(frame)).map(([what]) => what),
      [],
    );
    t.ok(rows.length >= 1000);
    t.end();
  },
);

void t.test('a session: what we print as ovs-ofctl does is what ovs-ofctl prints', (t) => {
  const printed = vectorRows('ovs-session').rows.filter(([, , text]) => text !== undefined);
  for (const [what = '', frame = '', text = ''] of printed) {
    const { xid, message } = decode(bytesOf(frame));
    const [ours, theirs] = [`${formatMessage(message, xid)}\n`, JSON.parse(text) as string];
    if (ours.trimEnd() !== theirs.trimEnd()) t.equal(ours, theirs, what);
  }
  t.ok(printed.length >= 140);
  t.end();
});
