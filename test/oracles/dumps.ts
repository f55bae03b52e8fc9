// Flows as a real ovs-vswitchd says that it holds them: in the bytes that it was given, in the words that we print.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { encode, formatFlow, hexOf, type FlowMod } from '../../src/ofp/index.js';
import { CommandError } from '../lab/process.js';
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

const linesOf = (text: string) =>
  text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');

// diff-flows finds these different from themselves: their mask is shorter in the switch than as text.
const isFragmentMasked = ({ match }: FlowMod) => typeof match.ip_frag === 'object';

async function diffFlows(oracle: SwitchOracle, flows: readonly FlowMod[]): Promise<string[]> {
  const file = join(oracle.ovs.dir, 'flows');
  writeFileSync(file, flows.map((flow) => `${formatFlow(flow)}\n`).join(''));
  try {
    return linesOf(await oracle.ovs.ofctl(['-vconsole:off', '--no-names', 'diff-flows', 'br0', file]));
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    return linesOf(error.output);
  }
}

// The lines of dump-flows that are not what we print for the bytes of the same dump.
async function printedOtherwise(oracle: SwitchOracle): Promise<string[]> {
  const ours = new Set(oracle.entries().map(formatFlow));
  const theirs = linesOf(await oracle.ovs.ofctl(['--no-names', '--no-stats', 'dump-flows', 'br0']));
  return theirs.filter((line) => !ours.has(line));
}

/** What `diff-flows` finds between a switch and text, what `dump-flows` prints otherwise, and how many flows were compared. */
export interface HeldTexts {
  readonly compared: number;
  readonly problems: readonly string[];
}

/** Has the switch hold flows by our bytes, and compares it with our text of them, and its text with ours. */
export async function compareHeldTexts(oracle: SwitchOracle, flows: readonly FlowMod[]): Promise<HeldTexts> {
  const chosen = flows.filter((flow) => !isFragmentMasked(flow));
  await oracle.held(chosen.map((flow) => encode(flow, 0)));
  const different = await diffFlows(oracle, chosen);
  const printed = await printedOtherwise(oracle);
  const problems = [...different.map((line) => `diff-flows: ${line}`), ...printed.map((line) => `dump-flows: ${line}`)];
  return { compared: oracle.entries().length, problems };
}
