// The lab's own corner of the machine: a test or the demo starts itself again in private mount, network and process
// namespaces. Whatever happens in there, the host does not see it, and all of it is gone when the first process ends.
import { spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { run } from './process.js';
import { labPrograms, unmetNeed } from './requirements.js';

/** Where a frame can enter or leave: an interface, in a namespace or (undefined) in the lab's own. */
export interface Endpoint {
  readonly netns: string | undefined;
  readonly device: string;
}

const mark = 'DAMSELFLY_LAB';
// The shell stays as the namespace's first process and collects the orphans of killed programs.
const furnish = [
  'mount -t tmpfs tmpfs /run',
  'mkdir -p /run/netns /run/tmp /run/lock',
  'ip link set lo up',
  'export TMPDIR=/run/tmp',
  '"$@"',
].join(' && ');

/** Whether this process runs inside the lab. */
export function isInsideLab(): boolean {
  return process.env[mark] === '1';
}

/**
 * Returns inside the lab only. Outside, starts the module again in there, waits for it and ends with its exit status;
 * where the machine lacks what a lab takes it returns at once, so that the tests can say what they need.
 */
export async function enterLab(moduleUrl: string): Promise<void> {
  if (isInsideLab() || unmetNeed(labPrograms) !== undefined) return;
  const unshare = [
    'unshare',
    '--net',
    '--mount',
    '--pid',
    '--fork',
    '--kill-child',
    '--mount-proc',
    '--propagation',
    'private',
  ];
  const self = [process.execPath, ...process.execArgv, fileURLToPath(moduleUrl), ...process.argv.slice(2)];
  const child = spawn(
    'setpriv',
    ['--pdeathsig', 'KILL', ...unshare, 'sh', '-c', `${furnish}; exit $?`, 'lab', ...self],
    {
      env: {
        ...process.env,
        [mark]: '1',
        DAMSELFLY_LAB_OUTSIDE: String(process.pid),
        PATH: `${process.env.PATH ?? ''}:/usr/local/sbin:/usr/sbin:/sbin`,
      },
      stdio: 'inherit',
    },
  );
  const status = await new Promise<number>((resolve) => {
    child.once('exit', (code) => {
      resolve(code ?? 1);
    });
  });
  process.exit(status);
}

/** Runs `ip` with several commands at once, one per line, in a namespace. */
export async function ip(netns: string | undefined, ...lines: readonly string[]): Promise<void> {
  await run('ip', [...(netns === undefined ? [] : ['-n', netns]), '-batch', '-'], { input: `${lines.join('\n')}\n` });
}

/** Adds a named namespace. IPv6 is off unless asked for: kernels that announce themselves disturb what is counted. */
export async function addNetns(name: string, { ipv6 = false } = {}): Promise<void> {
  await run('ip', ['netns', 'add', name]);
  await ip(name, 'link set lo up');
  if (!ipv6)
    await run('sysctl', ['-q', '-w', 'net.ipv6.conf.all.disable_ipv6=1', 'net.ipv6.conf.default.disable_ipv6=1'], {
      netns: name,
    });
}

/** Ends what still runs in a namespace and removes it with its interfaces. */
export async function removeNetns(name: string): Promise<void> {
  if (!readdirSync('/run/netns').includes(name)) return;
  const pids = (await run('ip', ['netns', 'pids', name])).split('\n').filter((pid) => pid !== '');
  for (const pid of pids) {
    try {
      process.kill(Number(pid), 'SIGKILL');
    } catch {
      // It ended between the listing and now.
    }
  }
  await run('ip', ['netns', 'del', name]);
}

/** Joins two interfaces like the ends of a cable, both up. Checksums are filled in, as the userspace datapath needs it. */
export async function addCable(one: Endpoint, two: Endpoint): Promise<void> {
  const place = ({ netns, device }: Endpoint) => `${device}${netns === undefined ? '' : ` netns ${netns}`}`;
  await ip(undefined, `link add name ${place(one)} type veth peer name ${place(two)}`);
  for (const { netns, device } of [one, two]) {
    await ip(netns, `link set ${device} up`);
    await run('ethtool', ['-K', device, 'tx', 'off'], { netns });
  }
}

/** Adds a Linux bridge in the lab's own namespace: an underlay, or a management network. */
export async function addSegment(name: string, address?: string): Promise<void> {
  await ip(undefined, `link add ${name} type bridge`, `link set ${name} mtu 9000 up`);
  if (address !== undefined) await ip(undefined, `addr add ${address} dev ${name}`);
}

/** Plugs a namespace into a segment; the segment's end is named `<netns>-<segment>` and resolves as an endpoint. */
export async function joinSegment(segment: string, netns: string, device: string, address?: string): Promise<Endpoint> {
  const port = { netns: undefined, device: `${netns}-${segment}`.slice(0, 15) };
  await addCable(port, { netns, device });
  await ip(undefined, `link set ${port.device} mtu 9000 master ${segment}`);
  await ip(
    netns,
    `link set ${device} mtu 9000`,
    ...(address === undefined ? [] : [`addr add ${address} dev ${device}`]),
  );
  return port;
}
