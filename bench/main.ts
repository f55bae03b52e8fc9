// `npm run bench`: figures as ratios of one run, each behind a correctness gate.
import { changeFigure } from './change.js';
import { codecFigure } from './codec.js';
import { cpuFigure } from './cpu.js';
import { GateError } from './gate.js';
import { growthFigure } from './growth.js';
import { machineText } from './machine.js';
import { memoryFigure } from './memory.js';
import { ovnFigure } from './ovn.js';
import { type Figure, figureText } from './report.js';
import { restartFigure } from './restart.js';
import { Samples } from './sample.js';
import { syncFigure } from './sync.js';
import { trunksFigure } from './trunks.js';

const usage = `Usage: npm run bench -- [codec] [change] [growth] [ovn] [sync] [restart] [cpu] [memory] [trunks] [--json]

Measures, with peers doing the same work in the same run, and prints ratios.
  codec   encode and decode, against os-ken and against copying the encoded bytes
  change  one port added, against the bare work of the switch; 1,000 ports preloaded
  growth  one port added among 1,000, 10,000 and 100,000: latency and processor time
  ovn     one port added, from the write to the last flow, against OVN with as many ports, 1,000 and 10,000; needs root
  sync    1,000 and 10,000 ports into an empty switch, against replaying the same bytes and against ovs-ofctl
  restart 10,000 and 50,000 flows that are on the switch already, against asking for all flows and doing nothing
  cpu     processor time per flow_mod, ours without the northbound against that of ovs-vswitchd; 10,000 ports
  memory  100,000 ports, nine in ten of them on another chassis
  trunks  100 trunks with 100 children each and 1,000 remote devices: all at once, and one more of each
  --json  one line per sample on standard output, the tables on standard error
DAMSELFLY_BENCH_NODE: options for the controller's Node, as '--cpu-prof --cpu-prof-dir=/tmp/profiles'.
Exit status 1: something measured does wrong work, or a peer is missing. A missed goal is only printed.
Example: npm run bench -- codec`;

const figures: Readonly<Record<string, (samples: Samples) => Promise<Figure>>> = {
  codec: (samples) => codecFigure({ ports: 5000, rounds: 9, osKen: true }, samples),
  change: (samples) => changeFigure({ ports: 1000, localOneIn: 10, changes: 100, spacingMs: 50 }, samples),
  growth: (samples) =>
    growthFigure(
      {
        loads: [
          { ports: 1000, localOneIn: 10, portsPerNetwork: 10 },
          { ports: 10_000, localOneIn: 100, portsPerNetwork: 100 },
          { ports: 100_000, localOneIn: 1000, portsPerNetwork: 1000 },
        ],
        rounds: 20,
        changesInTurn: 5,
        spacingMs: 50,
      },
      samples,
    ),
  ovn: (samples) =>
    ovnFigure(
      {
        sizes: [
          { load: { ports: 1000, localOneIn: 10, portSecurity: true }, goal: 50 },
          { load: { ports: 10_000, localOneIn: 100, portSecurity: true }, goal: 300 },
        ],
        rounds: 12,
      },
      samples,
    ),
  sync: (samples) =>
    syncFigure(
      {
        sizes: [
          { ports: 1000, rounds: 5 },
          { ports: 10_000, rounds: 3 },
        ],
        deadlineMs: 90_000,
        budgetMs: 60_000,
      },
      samples,
    ),
  restart: (samples) =>
    restartFigure(
      {
        sizes: [
          { ports: 1000, rounds: 5 },
          { ports: 5000, rounds: 3 },
        ],
        deadlineMs: 60_000,
      },
      samples,
    ),
  cpu: (samples) => cpuFigure({ ports: 10_000, rounds: 3, deadlineMs: 90_000 }, samples),
  memory: (samples) => memoryFigure({ ports: 100_000, localOneIn: 10, deadlineMs: 150_000 }, samples),
  trunks: (samples) =>
    trunksFigure(
      {
        small: { trunks: 2, childrenPerTrunk: 5, networks: 5, devices: 10, vteps: 5 },
        large: { trunks: 100, childrenPerTrunk: 100, networks: 200, devices: 1000, vteps: 100 },
        rounds: 2,
        deadlineMs: 90_000,
      },
      samples,
    ),
};

function options(args: readonly string[]): { names: readonly string[]; json: boolean } {
  const json = args.includes('--json');
  const named = args.filter((arg) => arg !== '--json');
  const unknown = named.find((arg) => !Object.hasOwn(figures, arg));
  if (unknown !== undefined) throw new Error(unknown === '--help' ? usage : `${unknown}: unknown\n\n${usage}`);
  return { names: named.length === 0 ? Object.keys(figures) : named, json };
}

async function main(args: readonly string[]): Promise<void> {
  const { names, json } = options(args);
  const tables = json ? process.stderr : process.stdout;
  const samples = new Samples((sample) => {
    if (json) process.stdout.write(`${JSON.stringify(sample)}\n`);
  });
  tables.write(`${await machineText()}\n\n`);
  for (const name of names) {
    try {
      tables.write(`${figureText(await figures[name]!(samples))}\n`);
    } catch (error) {
      process.exitCode = 1;
      const why = error instanceof GateError ? `no figure, the work is wrong: ${error.message}` : String(error);
      tables.write(`${name}: ${why}\n\n`);
    }
  }
}

await main(process.argv.slice(2)).catch((error: unknown) => {
  process.stderr.write(`bench: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
