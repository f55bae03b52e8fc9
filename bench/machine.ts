// What a figure was measured on.
import { cpus, loadavg } from 'node:os';
import { run } from '../test/lab/process.js';

const firstLine = (text: string): string => text.split('\n')[0] ?? '';

async function version(command: string, ...args: readonly string[]): Promise<string> {
  try {
    return firstLine(await run(command, args)).replace(/^.*?(\d+\.\d+(\.\d+)*).*$/, '$1');
  } catch {
    return 'missing';
  }
}

/** Processors, load and versions in one line. */
export async function machineText(): Promise<string> {
  const [ovs, nats] = await Promise.all([version('ovs-vswitchd', '--version'), version('nats-server', '--version')]);
  const load = loadavg().map((value) => value.toFixed(2));
  const processors = cpus();
  return `Node ${process.versions.node}, Open vSwitch ${ovs}, nats-server ${nats}; ${processors.length} x ${processors[0]?.model ?? '?'}; load average ${load.join(' ')}`;
}
