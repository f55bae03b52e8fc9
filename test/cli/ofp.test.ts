// `damselfly ofp`: what goes in as hex, text, JSON or a capture comes out as text, JSON or hex.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { decode, encode, fromJson, hexOf, parseFlow, type Message } from '../../src/ofp/index.js';
import { ethernetFrame, ipv4Packet, ipv6Packet, pcap, tcp, tcpSegmentBytes, vlanTag } from '../packet/captures.js';
import { bytesOf, vectors } from '../ofp/vectors.js';

const cli = new URL('../../src/cli/program.js', import.meta.url).pathname;
const folder = mkdtempSync(join(tmpdir(), 'damselfly-ofp-'));
t.teardown(() => {
  rmSync(folder, { recursive: true });
});

interface Said {
  readonly out: string;
  readonly error: string;
  readonly status: number | null;
}

function ofp(args: readonly string[], input: string | Uint8Array = ''): Said {
  const { stdout, stderr, status } = spawnSync(process.execPath, [cli, 'ofp', ...args], { input, encoding: 'utf8' });
  return { out: stdout, error: stderr, status };
}

const barrier = '0414000800000001';
const echo = '0402000a0000000200ff';

void t.test('flows, groups and JSON become the bytes that ovs-ofctl makes, one line each', (t) => {
  const flows = vectors('ovs-ofctl-flows').slice(0, 40);
  const groups = vectors('ovs-ofctl-messages').filter(({ command }) => command === 'add-group');
  const rows = [...flows, ...groups];
  const { out, status } = ofp(['encode', ...rows.map(({ argument }) => argument)]);
  t.equal(status, 0);
  t.same(
    out.trimEnd().split('\n'),
    rows.map(({ frames }) => frames.at(-1)),
  );
  t.equal(ofp(['encode', '--xid', '2', '{"type":"echo_request","data":"00ff"}']).out, `${echo}\n`);
  t.equal(ofp(['encode', '-'], '# two\n\nactions=drop\ndelete table=3\n').out.split('\n').length, 3);
  t.end();
});

void t.test('what cannot be encoded is named with the reason', (t) => {
  for (const [text, why] of [
    ['actions=flub', '"flub": is no action'],
    ['ip', '"ip": lacks actions='],
    ['group_id=1,type=none', 'type= is none of all, select, indirect, ff'],
    ['{"type":"hello"}', 'versions: is missing'],
    ['{', 'JSON'],
    ['priority=1,reg0=0x100000000,actions=drop', 'does not fit'],
  ] as const) {
    const { error, out, status } = ofp(['encode', text]);
    t.match(error, why, text);
    t.match(error, text);
    t.equal(out, '');
    t.equal(status, 1);
  }
  t.match(ofp(['encode', '--xid', '-1', 'actions=drop']).error, /no 32-bit number/);
  t.end();
});

void t.test(
  'hex is printed, from the argument, a file or standard input, several messages to a line or spread out',
  (t) => {
    const text = 'OFPT_BARRIER_REQUEST (OF1.3) (xid=0x1):\n';
    t.equal(ofp(['print', barrier]).out, text);
    t.equal(ofp(['print', '0x04 14 00:08 0000 0001']).out, text);
    writeFileSync(join(folder, 'hex'), `# barriers\n${barrier}${barrier}\n\n${barrier}\n`);
    t.equal(ofp(['print', join(folder, 'hex')]).out, text.repeat(3));
    t.equal(ofp(['print'], barrier).out, text);
    t.same(JSON.parse(ofp(['print', '--json', '-'], barrier).out), { xid: 1, message: { type: 'barrier_request' } });
    t.end();
  },
);

void t.test('what cannot be read is named, and the rest is printed', (t) => {
  const lines = ['04140009', 'xyz', '0414000400000001', '05140008000000ff', barrier];
  const { out, status } = ofp(['print'], lines.join('\n'));
  t.equal(status, 1);
  const said = out.trimEnd().split('\n');
  t.match(said[0], /\*\*\* line 1: a message breaks off after 4 bytes: 04140009/);
  t.match(said[1], /\*\*\* line 2: no hex of whole bytes/);
  t.match(said[2], /\*\*\* line 3: message length 4/);
  t.match(said[3], /\*\*\* version 5 at byte 0: 05140008/);
  t.match(said[4], /OFPT_BARRIER_REQUEST/);
  t.equal(said.length, 5);
  t.match(JSON.parse(ofp(['print', '--json', '05140008000000ff']).out), {
    problem: /version 5/,
    hex: '05140008000000ff',
  });
  t.match(ofp(['print', 'no-such-file']), { status: 1, error: /no-such-file: neither a file nor hex/ });
  t.match(ofp(['print'], '\n'), { status: 1, error: /no OpenFlow message in standard input/ });
  t.end();
});

const client = ['10.0.0.1', 40000] as const;
const server = ['10.0.0.2', 6653] as const;
const flow = encode(parseFlow('table=3,tcp,actions=output:1'), 7);
const upwards = Buffer.concat([bytesOf(barrier), flow, bytesOf(echo)]);
const reply = encode({ type: 'barrier_reply' }, 1);

const up = (start: number, end: number) =>
  ethernetFrame(ipv4Packet({ from: client, to: server, seq: 1001 + start, payload: upwards.subarray(start, end) }));
const down = (payload: Uint8Array) => ethernetFrame(ipv4Packet({ from: server, to: client, seq: 501, payload }));
const opening = ethernetFrame(ipv4Packet({ from: client, to: server, seq: 1000, flags: tcp.syn }));

void t.test('a capture gives the messages of both directions, put in order and once, with their times', (t) => {
  const file = pcap([opening, up(0, 12), up(30, 50), up(0, 12), down(reply), up(8, 35), up(50, upwards.length)]);
  const { out, status } = ofp(['print'], file);
  t.equal(status, 0);
  t.same(out.trimEnd().split('\n'), [
    '1970-01-01T00:00:01.000001Z 10.0.0.1:40000 > 10.0.0.2:6653 OFPT_BARRIER_REQUEST (OF1.3) (xid=0x1):',
    '1970-01-01T00:00:04.000004Z 10.0.0.2:6653 > 10.0.0.1:40000 OFPT_BARRIER_REPLY (OF1.3) (xid=0x1):',
    '1970-01-01T00:00:06.000006Z 10.0.0.1:40000 > 10.0.0.2:6653 OFPT_FLOW_MOD (OF1.3) (xid=0x7): ADD table:3 tcp actions=output:1',
    '1970-01-01T00:00:06.000006Z 10.0.0.1:40000 > 10.0.0.2:6653 OFPT_ECHO_REQUEST (OF1.3) (xid=0x2): 2 bytes of payload',
    '00000000  00 ff                                           |..              |',
  ]);
  const json = ofp(['print', '--json'], file).out.trimEnd().split('\n');
  const read = json.map((line) => JSON.parse(line) as { xid: number; from: string; message: unknown });
  t.equal(read[1]?.from, '10.0.0.2:6653');
  const messages: Message[] = read.map(({ message }) => fromJson(message));
  t.same(messages[2], decode(flow).message);
  t.equal(hexOf(encode(messages[2] ?? { type: 'barrier_request' }, 7)), hexOf(flow));
  t.end();
});

void t.test('what a capture lacks is said, and the stream is taken up again where a message begins', (t) => {
  const rest = [up(12, 20), up(upwards.length - 10, upwards.length)];
  const { out, status } = ofp(['print'], pcap([opening, up(0, 8), ...rest]));
  t.equal(status, 1);
  const said = out.trimEnd().split('\n');
  t.match(said[0], /OFPT_BARRIER_REQUEST/);
  t.match(said[1], /\*\*\* 4 bytes are missing from the capture/);
  t.match(said[2], /\*\*\* \d+ bytes are missing from the capture/);
  t.match(said[3], /\*\*\* 8 bytes in the middle of a message/);
  t.match(said[4], /OFPT_ECHO_REQUEST/);
  const late = ofp(['print'], pcap([up(12, 20), up(20, 96), up(96, upwards.length)]));
  t.match(late.out, /\*\*\* \d+ bytes in the middle of a message\n.*OFPT_ECHO_REQUEST/, 'it began in the middle');
  const cut = pcap([opening, up(0, upwards.length)]);
  t.match(ofp(['print'], cut.subarray(0, cut.length - 1)).out, /\*\*\* a packet cut short at byte \d+: it breaks off/);
  t.end();
});

void t.test('a capture may have VLAN tags, two of them, and IPv6', (t) => {
  const segment = { from: client, to: server, payload: bytesOf(barrier) };
  const tagged = Buffer.concat([vlanTag(5, 0x0800), ipv4Packet({ ...segment, seq: 1 })]);
  const twice = Buffer.concat([vlanTag(6, 0x8100), vlanTag(5, 0x0800), ipv4Packet({ ...segment, seq: 9 })]);
  const six = ipv6Packet(6, tcpSegmentBytes(40000, 6653, 1, tcp.ack, bytesOf(echo)));
  const sixTagged = ipv6Packet(6, tcpSegmentBytes(6653, 40000, 1, tcp.ack, reply));
  const { out, status } = ofp(
    ['print'],
    pcap([
      ethernetFrame(tagged, '8100'),
      ethernetFrame(twice, '88a8'),
      ethernetFrame(six, '86dd'),
      ethernetFrame(Buffer.concat([vlanTag(7, 0x86dd), sixTagged]), '8100'),
    ]),
  );
  t.equal(status, 0);
  const [ipv4Way, ipv6Way] = ['10.0.0.1:40000 > 10.0.0.2:6653', '[2001:db8::1:0:0:1]:40000 > [fe80::1]:6653'];
  const [dump] = out.trimEnd().match(/.*\n00000000.*/) ?? [];
  t.match(out, `1970-01-01T00:00:00.000000Z ${ipv4Way} OFPT_BARRIER_REQUEST (OF1.3) (xid=0x1):\n`);
  t.match(out, `1970-01-01T00:00:01.000001Z ${ipv4Way} OFPT_BARRIER_REQUEST (OF1.3) (xid=0x1):\n`);
  t.match(dump, `1970-01-01T00:00:02.000002Z ${ipv6Way} OFPT_ECHO_REQUEST (OF1.3) (xid=0x2): 2 bytes of payload`);
  t.match(out, '[2001:db8::1:0:0:1]:6653 > [fe80::1]:40000 OFPT_BARRIER_REPLY (OF1.3) (xid=0x1):\n');
  t.end();
});

void t.test('hex may be spaced and have colons, capitals and 0x; half a byte and other letters are named', (t) => {
  const text = 'OFPT_ECHO_REQUEST (OF1.3) (xid=0x2): 2 bytes of payload\n';
  for (const hex of [
    echo,
    echo.toUpperCase(),
    `0X${echo}`,
    '0x0402 0x000a\t0x00000002 00:ff',
    `${echo} # an echo\r\n`,
  ]) {
    t.match(ofp(['print'], hex), { status: 0, out: text }, JSON.stringify(hex));
    if (!hex.includes('#')) t.match(ofp(['print', hex]), { status: 0, out: text }, hex);
  }
  for (const hex of [echo.slice(1), `${echo}0`, '0x0']) {
    const wrong = { status: 1, out: '*** no hex of whole bytes\n', error: '' };
    t.same(ofp(['print', hex]), wrong, hex);
    t.same(ofp(['print'], hex), wrong, hex);
  }
  t.same(ofp(['print'], `${barrier}\n04-14\n`).out.split('\n')[1], '*** line 2: no hex of whole bytes');
  t.match(ofp(['print', '04-14']), { status: 1, out: '', error: /04-14: neither a file nor hex/ });
  t.end();
});

void t.test('another port may be named', (t) => {
  const elsewhere = ethernetFrame(
    ipv4Packet({ from: client, to: ['10.0.0.2', 7777], seq: 1, payload: bytesOf(barrier) }),
  );
  t.match(ofp(['print'], pcap([elsewhere])), { status: 1, error: /no OpenFlow message/ });
  t.match(ofp(['print', '--port', '7777'], pcap([elsewhere])).out, /OFPT_BARRIER_REQUEST/);
  t.match(ofp(['print', '--port', '77777'], pcap([elsewhere])).error, /77777 is no TCP port/);
  t.end();
});
