// Has a real ovs-vswitchd take each flow and group of the vectors and say it again, as bytes and as ovs-ofctl's text.
import { connect } from 'node:net';
import { decode, encode, flowSelection, Framer, hexOf, type Message } from '../src/ofp/index.js';
import { Ovs } from '../test/lab/ovs.js';

/** One thing that a switch was told, and how it said it again. */
export interface DumpRow {
  readonly argument: string;
  /** The line of the dump, without leading space. */
  text: string;
  /** The multipart reply, with xid and durations zero. */
  frame: string;
}

const deadlineMs = 5000;

/** Sends one request to a bridge's OpenFlow socket and gives the first multipart reply as bytes. */
function ask(path: string, request: Message): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    const socket = connect(path);
    const framer = new Framer();
    socket.setTimeout(deadlineMs, () => socket.destroy(new Error('no answer')));
    socket.on('error', reject);
    socket.write(encode({ type: 'hello', versions: [4] }, 1));
    socket.on('data', (chunk) => {
      for (const frame of framer.push(chunk)) {
        const { message } = decode(frame);
        if (message.type === 'hello') socket.write(encode(request, 0));
        if (message.type !== 'multipart_reply') continue;
        resolve(frame);
        socket.end();
      }
    });
  });
}

const durationAt = 20;
const durationSize = 8;

function withoutDuration(frame: Uint8Array): string {
  const copy = frame.slice();
  copy.fill(0, durationAt, durationAt + durationSize);
  return hexOf(copy);
}

const lines = (text: string) =>
  text
    .split('\n')
    .filter((line) => line.startsWith(' '))
    .map((line) => line.trim());

async function again(ovs: Ovs, row: DumpRow, kind: 'flow' | 'group'): Promise<void> {
  await ovs.ofctl(['--no-names', kind === 'flow' ? 'add-flow' : 'add-group', 'br0', row.argument]);
  const socket = ovs.management('br0').replace('unix:', '');
  const all: Message =
    kind === 'flow'
      ? { type: 'multipart_request', kind: 'flow', ...flowSelection() }
      : { type: 'multipart_request', kind: 'group_desc' };
  const reply = await ask(socket, all);
  row.frame = kind === 'flow' ? withoutDuration(reply) : hexOf(reply);
  const dump = kind === 'flow' ? ['--no-stats', '--no-names', 'dump-flows'] : ['--no-names', 'dump-groups'];
  row.text = lines(await ovs.ofctl([...dump, 'br0']))[0] ?? '';
  await ovs.ofctl([kind === 'flow' ? 'del-flows' : 'del-groups', 'br0']);
}

/** Has the switch say every row again; gives what it refused. */
export async function recordDumps(rows: readonly DumpRow[], kind: 'flow' | 'group'): Promise<string[]> {
  const refused: string[] = [];
  const ovs = await Ovs.start({ datapath: 'dummy' });
  try {
    await ovs.addBridge('br0');
    await ovs.ofctl([
      'add-tlv-map',
      'br0',
      '{class=0x102,type=1,len=4}->tun_metadata0,{class=0x102,type=2,len=8}->tun_metadata1',
    ]);
    await ovs.ofctl(['add-meter', 'br0', 'meter=5,kbps,band=type=drop,rate=9']);
    for (const row of rows) {
      if (kind === 'flow') for (const id of [3, 5]) await ovs.ofctl(['add-group', 'br0', `group_id=${id},type=all`]);
      await again(ovs, row, kind).catch((error: unknown) => refused.push(`${row.argument}: ${String(error)}`));
      if (kind === 'flow') await ovs.ofctl(['del-groups', 'br0']);
    }
  } finally {
    await ovs.close();
  }
  return refused;
}
