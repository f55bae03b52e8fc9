// `damselfly ofp print` of a real session between ovs-ofctl and ovs-vswitchd, captured on the loopback, against what
// ovs-ofctl and tshark read in the same file.
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { z } from 'zod';
import { decode, encode, fromJson, isMultipart, Reassembler } from '../../src/ofp/index.js';
import { freePort } from '../lab/free-ports.js';
import { Ovs } from '../lab/ovs.js';
import { run, start, stop, until } from '../lab/process.js';
import { needing, ovsPrograms } from '../lab/requirements.js';

const cli = new URL('../../src/cli/program.js', import.meta.url).pathname;
const print = (...args: string[]): Promise<string> => run(process.execPath, [cli, 'ofp', 'print', ...args]);

const flows = (length: number): string =>
  Array.from(
    { length },
    (_, i) => `table=${i % 50},priority=${i},ip,nw_src=10.0.${i >> 8}.${i & 255},actions=load:${i}->reg0,resubmit(,60)`,
  ).join('\n');

/** Flows, a bundle, a group, an error and dumps. */
async function talk(ovs: Ovs, bridge: string): Promise<void> {
  await ovs.ofctl([
    '--no-names',
    'add-flow',
    bridge,
    'tcp,actions=ct(commit,nat(src=192.0.2.4)),learn(table=3,reg0=5),note:01',
  ]);
  await ovs.ofctl([
    '--no-names',
    'add-group',
    bridge,
    'group_id=1,type=all,bucket=output:1,bucket=load:5->reg7,resubmit(,3)',
  ]);
  await ovs.ofctl(['--no-names', '--bundle', 'add-flows', bridge, '-'], flows(100));
  await ovs.ofctl(['--no-names', 'add-flow', bridge, 'actions=group:99']).catch(() => undefined);
  for (const what of ['dump-flows', 'dump-groups', 'dump-ports', 'dump-tables', 'show'])
    await ovs.ofctl(['--no-names', what, bridge]);
}

/** So many flows that their dump comes in parts, and packets larger than ovs-ofctl reads from a file. */
async function talkMuch(ovs: Ovs, bridge: string): Promise<void> {
  await ovs.ofctl(['--no-names', '--bundle', 'add-flows', bridge, '-'], flows(2000));
  await ovs.ofctl(['--no-names', 'dump-flows', bridge]);
}

/** The text that both programs are to agree on: without the parts that we print in one line of our own. */
const comparable =
  /^(OFPT_(FLOW_MOD|GROUP_MOD|ERROR|BARRIER_|FEATURES_REQUEST)|ONFT_BUNDLE|OFPST_(FLOW|GROUP|GROUP_DESC) reply)/;

/** Messages with the lines that belong to them. */
function messagesIn(text: string, isHead: (line: string) => string | undefined): string[] {
  const messages: string[] = [];
  for (const line of text.split('\n')) {
    const head = isHead(line);
    if (head !== undefined) messages.push(head);
    else if (messages.length > 0) messages.push(`${messages.pop() ?? ''}\n${line}`);
  }
  return messages.map((message) => message.trimEnd());
}

/** What goes over a TCP port of the loopback while `work` runs, as a file. */
async function captured(t: Test, path: string, port: number, work: () => Promise<void>): Promise<void> {
  const log = `${path}.log`;
  const filter = ['tcp', 'port', String(port)];
  const tcpdump = start(
    'tcpdump',
    ['-i', 'lo', '--immediate-mode', '-U', '-Z', 'root', '-B', '65536', '-w', path, ...filter],
    log,
  );
  t.teardown(() => stop(tcpdump));
  await until('tcpdump listens', () => existsSync(path) && readFileSync(log, 'utf8').includes('listening'));
  await work();
  let size = 0;
  await until('the capture has come to rest', () => {
    const before = size;
    size = statSync(path).size;
    return size > 24 && size === before;
  });
  await stop(tcpdump, 'SIGINT');
}

const entry = z.object({ time: z.string(), from: z.string(), to: z.string(), xid: z.number(), message: z.unknown() });

/** The frames of a capture, by way of JSON. */
async function framesOf(path: string, port: number): Promise<Uint8Array[]> {
  const lines = (await print('--json', '--port', String(port), path)).trimEnd().split('\n');
  return lines.map((line) => {
    const { xid, message } = entry.parse(JSON.parse(line));
    return encode(fromJson(message), xid);
  });
}

const countOf = (values: readonly number[], wanted: number): number =>
  values.filter((value) => value === wanted).length;

void t.test('a captured session', needing(...ovsPrograms, 'tcpdump', 'tshark', 'root'), async (t) => {
  const ovs = await Ovs.start({ datapath: 'dummy' });
  t.teardown(() => ovs.close());
  const port = await freePort();
  const bridge = `tcp:127.0.0.1:${port}`;
  const [small, large] = [join(ovs.dir, 'small.pcap'), join(ovs.dir, 'large.pcap')];
  await ovs.addBridge('br0', { controllers: [`ptcp:${port}:127.0.0.1`] });
  await ovs.addPort('br0', 'p1', { type: 'dummy', ofport: 1 });
  await captured(t, small, port, () => talk(ovs, bridge));
  await captured(t, large, port, () => talkMuch(ovs, bridge));
  const text = await print('--port', String(port), small);

  void t.test('both directions come whole and in the order of time', (t) => {
    t.notMatch(text, /\*\*\*/);
    const times = [...text.matchAll(/^(\d{4}-\S+Z) /gm)].map(([, time = '']) => time);
    t.same(times, [...times].sort());
    t.match(text, new RegExp(` > 127.0.0.1:${port} OFPT_GROUP_MOD`));
    t.match(text, new RegExp(`127.0.0.1:${port} > \\S+ OFPT_ERROR .*: OFPBAC_BAD_OUT_GROUP\\n`));
    t.end();
  });

  void t.test('ovs-ofctl reads the same flows, groups, bundles and errors in it', async (t) => {
    const ours = messagesIn(text, (line) => /^\d{4}-\S+Z \S+ > \S+ (.*)/.exec(line)?.[1]);
    const parse = ['-O', 'OpenFlow13', '--no-names', 'ofp-parse-pcap', small, String(port)];
    const theirs = messagesIn(await run('ovs-ofctl', parse), (line) => (/^\d+\.\d/.test(line) ? '' : undefined));
    const chosen = (messages: readonly string[]) => messages.map((m) => m.trim()).filter((m) => comparable.test(m));
    t.ok(chosen(ours).length > 100, `${chosen(ours).length} messages`);
    t.same(chosen(ours), chosen(theirs));
  });

  void t.test('tshark counts as many messages in a capture with parts and large packets', async (t) => {
    const fields = ['-T', 'fields', '-e', 'openflow_v4.type'];
    const read = ['-r', large, '-d', `tcp.port==${port},openflow`, '-Y', 'openflow_v4', ...fields];
    const theirs = (await run('tshark', read))
      .split(/[\s,]+/)
      .filter(Boolean)
      .map(Number);
    const frames = await framesOf(large, port);
    const ours = frames.map((frame) => frame[1] ?? NaN);
    for (const type of [0, 18, 19, 20, 21]) t.equal(countOf(ours, type), countOf(theirs, type), `type ${type}`);
    const inBundle = frames.filter((frame) => decode(frame).message.type === 'bundle_add');
    t.equal(inBundle.length, 2000);
    const reassembler = new Reassembler();
    const dumps = frames.filter(isMultipart).flatMap((frame) => reassembler.push(frame) ?? []);
    const entries = dumps.flatMap(({ message }) =>
      message.type === 'multipart_reply' && message.kind === 'flow' ? message.entries : [],
    );
    t.ok(entries.length >= 2000, `${entries.length} flows in parts`);
  });

  void t.test('pcapng says the same', async (t) => {
    await run('tshark', ['-F', 'pcapng', '-r', small, '-w', `${small}ng`]);
    t.equal(await print('--port', String(port), `${small}ng`), text);
  });
});
