// Loaded into the controller before its program (node --import): what the controller cannot tell of itself. At each SIGUSR2 it
// writes how long its event loop was held up, and by how much of its own work, and how much memory is in use after a collection.
import { writeFileSync } from 'node:fs';

/** One time in which the event loop did not come round. */
export interface Stall {
  /** When it was over, in milliseconds since 1970. */
  readonly atMs: number;
  readonly ms: number;
  /** Processor time of the process meanwhile, garbage collection on other threads included: the rest is other programs' doing. */
  readonly cpuMs: number;
}

/** What is written. */
export interface Probed {
  readonly stalls: readonly Stall[];
  /** Objects and buffers, in bytes. */
  readonly usedSize: number;
  /** What the process has of the machine's memory, in bytes. */
  readonly residentSize: number;
  /** Sockets, timers and whatever else keeps the event loop going. */
  readonly handles: number;
}

/** Asking for the processor time takes a tenth of a millisecond on some machines: not too often. */
const tickMs = 10;
/** Shorter ones are nobody's concern. */
const leastStallMs = 5;

function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

const path = process.env['DAMSELFLY_BENCH_PROBE'];
if (path !== undefined) probe(path);

function probe(path: string): void {
  const stalls: Stall[] = [];
  let lastMs = performance.now();
  let lastCpuMs = cpuMs();
  setInterval(() => {
    const [nowMs, nowCpuMs] = [performance.now(), cpuMs()];
    const ms = nowMs - lastMs - tickMs;
    if (ms > leastStallMs) stalls.push({ atMs: performance.timeOrigin + nowMs, ms, cpuMs: nowCpuMs - lastCpuMs });
    lastCpuMs = nowCpuMs;
    lastMs = nowMs;
  }, tickMs).unref();
  process.on('SIGUSR2', () => {
    const told = stalls.splice(0);
    globalThis.gc?.();
    const { heapUsed, external, rss } = process.memoryUsage();
    const handles = process.getActiveResourcesInfo().length;
    const probed: Probed = { stalls: told, usedSize: heapUsed + external, residentSize: rss, handles };
    writeFileSync(path, JSON.stringify(probed));
    lastMs = performance.now();
  });
}
