// Flows as a real ovs-vswitchd says that it holds them: the bytes of match and instructions are those that it was given.
import { encode, hexOf, type FlowMod } from '../../src/ofp/index.js';
import type { Chance } from '../ofp/random/chance.js';
import { randomFlowMod } from '../ofp/random/flows.js';
import { isRight } from '../ofp/random/right.js';
import type { SwitchOracle } from './vswitchd.js';

/** A flow that the switch holds in other bytes. */
export interface HeldOtherwise {
  readonly ours: string;
  readonly theirs: string;
}

// Where the switch turns one thing into another (set_tunnel into set_field), or does not say what it holds (the original ports of
// connections of unknown protocol, and protocol 0).
const turned = (flow: FlowMod) =>
  JSON.stringify(flow.instructions, (_, value: unknown) =>
    typeof value === 'bigint' ? String(value) : value,
  ).includes('"set_tunnel"') ||
  (('ct_tp_src' in flow.match || 'ct_tp_dst' in flow.match) && !flow.match.ct_nw_proto) ||
  flow.match.ct_nw_proto === 0;

function dumpFlow(chance: Chance, i: number): FlowMod {
  for (;;) {
    const flow: FlowMod = { ...randomFlowMod(chance, 0), flags: 0, cookie: BigInt(i + 1), priority: i };
    if (isRight(flow) && !turned(flow)) return flow;
  }
}

const matchAt = 48;
const batchLength = 500;

/** Has the switch hold random flows; gives those that it says in other bytes, or not at all. */
export async function compareDumps(oracle: SwitchOracle, chance: Chance, count: number): Promise<HeldOtherwise[]> {
  const found: HeldOtherwise[] = [];
  for (let done = 0; done < count; done += batchLength) {
    const flows = Array.from({ length: Math.min(batchLength, count - done) }, (_, i) => dumpFlow(chance, i));
    const frames = flows.map((flow) => encode(flow, 0));
    const held = await oracle.held(frames);
    for (const [i, frame] of frames.entries()) {
      const ours = hexOf(frame.subarray(matchAt));
      const theirs = held.get(BigInt(i + 1)) ?? 'nothing';
      if (ours !== theirs) found.push({ ours, theirs });
    }
  }
  return found;
}
