// Mininet as its users run it: mn with our custom file, its own tests, and what it prints. In a private corner, with a
// private Open vSwitch.
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { enterLab } from '../lab/netns.js';
import { Ovs } from '../lab/ovs.js';
import { run, start, stop, until } from '../lab/process.js';
import { labPrograms, needing } from '../lab/requirements.js';
import { makeWorkDirectory, removeWorkDirectory } from '../lab/work-directory.js';

await enterLab(import.meta.url);
t.setTimeout(240_000);

const options = { ...needing(...labPrograms, 'mn', 'nats-server'), timeout: 120_000 };
const cli = fileURLToPath(new URL('../../src/cli/program.js', import.meta.url));
const custom = fileURLToPath(new URL('../../../mininet/damselfly.py', import.meta.url));
const plainSwitch = 'ovs,datapath=user,protocols=OpenFlow13';

/** What mn prints, on both streams, with our Open vSwitch in the place of the system's. */
function mn(ovs: Ovs, words: readonly string[]): Promise<string> {
  const line = ['mn', '--custom', custom, '--switch', plainSwitch, ...words].join(' ');
  return run('sh', ['-c', `${line} 2>&1`], { env: { OVS_RUNDIR: ovs.dir }, timeoutMs: 60_000 });
}

/** Who reached whom, as pingall prints it: `h1 -> h2 X`. */
function reached(output: string): Record<string, string[]> {
  const rows = [...output.matchAll(/^(h\d+) -> (.*)$/gm)];
  return Object.fromEntries(
    rows.map(([, from = '', to = '']) => [
      from,
      to
        .trim()
        .split(/\s+/)
        .filter((host) => host !== 'X'),
    ]),
  );
}

async function privateOvs(t: { teardown: (callback: () => Promise<void>) => void }): Promise<Ovs> {
  const ovs = await Ovs.start({ datapath: 'netdev' });
  t.teardown(() => ovs.close());
  return ovs;
}

void t.test('the trunk topology with a controller of its own: everybody reaches everybody', options, async (t) => {
  const ovs = await privateOvs(t);
  const output = await mn(ovs, ['--topo', 'trunk', '--controller', 'damselfly', '--test', 'pingall']);
  t.match(output, /Results: 0% dropped \(12\/12 received\)/, output);
  t.equal(await ovs.vsctl('list-br'), '');
});

void t.test('two switches and two networks: each reaches its own network only', options, async (t) => {
  const ovs = await privateOvs(t);
  const output = await mn(ovs, ['--topo', 'two', '--controller', 'damselfly', '--test', 'pingall']);
  t.strictSame(reached(output), { h1: ['h2'], h2: ['h1'], h3: ['h4'], h4: ['h3'] }, output);
});

void t.test('a topology without objects says how many ports wait, and for what', options, async (t) => {
  const ovs = await privateOvs(t);
  const output = await mn(ovs, ['--topo', 'single,2', '--controller', 'damselfly', '--test', 'pingall']);
  t.strictSame(reached(output), { h1: [], h2: [] }, output);
  const [before = ''] = output.split('*** Ping');
  t.match(before, /^ *2 interfaces carry no lport \(s1-eth1, s1-eth2\).*apply an lport/m, output);
});

void t.test('a controller that runs already serves Mininet too', options, async (t) => {
  const ovs = await privateOvs(t);
  const dir = makeWorkDirectory();
  t.teardown(() => {
    removeWorkDirectory(dir);
  });
  const env = { DAMSELFLY_DATA_DIR: dir, DAMSELFLY_OVSDB: ovs.database, DAMSELFLY_LISTEN: 'tcp:127.0.0.1:6653' };
  const log = join(dir, 'controller.log');
  const controller = start(process.execPath, [cli, 'controller'], log, { env });
  t.teardown(() => stop(controller));
  await until('the controller has a NATS', () => existsSync(join(dir, 'nats.url')));
  const objects = await run('/usr/bin/python3', [custom, 'trunk']);
  await run(process.execPath, [cli, 'apply', '-f', '-', '--no-wait'], { env, input: objects });
  const words = ['--topo', 'trunk', '--controller', 'remote,port=6653', '--test', 'pingall,pingall'];
  const output = await mn(ovs, words);
  t.match(
    output.split('*** Ping: testing ping reachability').at(-1),
    /Results: 0% dropped \(12\/12 received\)/,
    output,
  );
  const ended = once(controller, 'exit');
  controller.kill('SIGTERM');
  await ended;
  t.match(readFileSync(log, 'utf8'), /flows/);
});
