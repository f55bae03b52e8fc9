// Two ways to fill a switch: bytes that are there already, in one write, and the controller with everything that it does.
import { bundleAdds, bundleCommit, bundleOpen } from '../src/switch/bundle.js';
import type { FullSite } from './full-site.js';
import { demand } from './gate.js';
import { nowMs } from './site.js';

/** Messages as ONF bundles of at most so many, one behind the other, as one piece of bytes. */
export function inBundles(frames: readonly Uint8Array[], length: number): Buffer {
  const bundles: Uint8Array[] = [];
  let xid = 1;
  for (let first = 0; first < frames.length; first += length) {
    const part = frames.slice(first, first + length);
    const bundleId = xid;
    bundles.push(
      bundleOpen(bundleId, xid),
      ...bundleAdds(bundleId, xid + 1, part),
      bundleCommit(bundleId, xid + 1 + part.length),
    );
    xid += part.length + 2;
  }
  return Buffer.concat(bundles);
}

/** Messages as one ONF bundle, as one piece of bytes. */
export const inOneBundle = (frames: readonly Uint8Array[]): Buffer => inBundles(frames, Infinity);

/** Writes bytes at once and waits for the barrier behind them; milliseconds. */
export async function replayed({ site, wanted }: FullSite, bytes: Buffer): Promise<number> {
  const from = nowMs();
  site.openflow.write(bytes);
  await site.openflow.barrier();
  const took = nowMs() - from;
  demand(site.openflow.errors.length === 0, 'the switch refuses replayed bytes');
  demand((await site.flowCount()) === wanted.flows.length, 'the replayed bytes are not on the switch');
  return took;
}

/** One run of the controller. */
export interface Synced {
  readonly startMs: number;
  readonly syncMs: number;
  /** Processor time until all flows are there, of the controller with its start and of ovs-vswitchd. */
  readonly cpuMs: number;
  readonly vswitchCpuMs: number;
  /** The longest time in which the event loop did not come round, and the most that the controller itself worked in one. */
  readonly stallMs: number;
  readonly stallCpuMs: number;
}

/** Starts the controller and waits until its flows are there. */
export async function synced({ site, wanted }: FullSite, deadlineMs: number): Promise<Synced> {
  const before = site.cpuMs();
  const { atMs, firstByteMs } = await site.startController();
  const doneMs = await site.filled(wanted.flows.length, deadlineMs);
  const after = site.cpuMs();
  const [firstMs, probed] = await Promise.all([firstByteMs(), site.probed()]);
  const stalls = probed.stalls.filter(({ atMs, ms }) => atMs - ms >= firstMs);
  return {
    startMs: firstMs - atMs,
    syncMs: doneMs - firstMs,
    cpuMs: after.controller,
    vswitchCpuMs: after.vswitch - before.vswitch,
    stallMs: Math.max(0, ...stalls.map(({ ms }) => ms)),
    stallCpuMs: Math.max(0, ...stalls.map(({ ms, cpuMs }) => Math.min(ms, cpuMs))),
  };
}
