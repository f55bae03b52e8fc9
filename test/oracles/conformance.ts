// One run of everything: random messages of every kind to every reader, flows as text both ways, flows as a switch holds them,
// the validator against a switch's verdicts, the switch's own messages, and vectors.
import { existsSync } from 'node:fs';
import { encode, hexOf, type Message } from '../../src/ofp/index.js';
import { chanceOf, type Chance } from '../ofp/random/chance.js';
import { randomFlowMod, randomGroupMod } from '../ofp/random/flows.js';
import { randomPacketOut } from '../ofp/random/packet-out.js';
import { cameBack, cellOf, compareReader, specimens, type Table } from './compare.js';
import { compareDumps } from './dumps.js';
import { compareFlowTexts, textFlows } from './flow-texts.js';
import { checkVectors } from './ovs-vectors.js';
import { ofctl, osKen, tshark, type FrameReader } from './readers.js';
import { comesBack, switchReplies } from './switch-replies.js';
import { compareVerdicts } from './verdicts.js';
import { SwitchOracle } from './vswitchd.js';

/** How much to compare. */
export interface ConformanceOptions {
  readonly seed: number;
  /** Random messages of every kind. */
  readonly each: number;
  /** Random flows, as text both ways and in a switch. */
  readonly flows: number;
  /** Random messages whose verdicts are compared. */
  readonly verdicts: number;
  /** A folder of Open vSwitch's vectors. */
  readonly vectors?: string | undefined;
}

/** What came of it. `failures` are the disagreements that nothing explains. */
export interface ConformanceReport {
  readonly options: ConformanceOptions;
  readonly versions: readonly string[];
  readonly table: Table;
  /** Sentences with figures. */
  readonly facts: readonly string[];
  /** Disagreements with their explanation, and how many. */
  readonly explained: ReadonlyMap<string, number>;
  readonly failures: readonly string[];
}

const readers: readonly FrameReader[] = [ofctl, tshark, osKen];

/** Names of the columns of the table. */
export const columns = ['ours', ...readers.map(({ name }) => name), 'ovs-vswitchd'] as const;

interface Run {
  readonly options: ConformanceOptions;
  readonly table: Table;
  readonly facts: string[];
  readonly failures: string[];
  readonly explained: Map<string, number>;
}

async function compareReaders({ options, table, failures }: Run): Promise<void> {
  const all = specimens(chanceOf(options.seed), options.each);
  for (const specimen of all) {
    const { kind, frame, message } = specimen;
    cellOf(table, kind, 'ours').compared++;
    if (!cameBack(specimen)) failures.push(`${kind}: ours is read as something else: ${hexOf(frame)}`);
    if (hexOf(encode(message, new DataView(frame.buffer, frame.byteOffset).getUint32(4))) !== hexOf(frame))
      failures.push(`${kind}: ours is not encoded again to the same bytes: ${hexOf(frame)}`);
  }
  for (const reader of readers)
    for (const { kind, why, hex } of await compareReader(reader, all, table))
      failures.push(`${kind}: ${reader.name} ${why.slice(0, 200)}: ${hex}`);
}

const judged: readonly (readonly [what: string, make: (chance: Chance) => Message])[] = [
  ['flow_mods that mostly fit', (chance) => randomFlowMod(chance, 0)],
  ['flow_mods with something wrong now and then', (chance) => randomFlowMod(chance, 12)],
  ['flow_mods with much wrong', (chance) => randomFlowMod(chance, 3)],
  ['group_mods', (chance) => randomGroupMod(chance, 3)],
  ['packet_outs', (chance) => randomPacketOut(chance, 3)],
];

async function judge(oracle: SwitchOracle, { options, table, facts, failures, explained }: Run): Promise<void> {
  const count = Math.ceil(options.verdicts / judged.length);
  for (const [what, make] of judged) {
    const chance = chanceOf(options.seed);
    const messages = Array.from({ length: count }, () => make(chance));
    const report = await compareVerdicts(oracle, messages);
    facts.push(
      `${what}: ${report.compared} judged by ovs-vswitchd and by the validator, ${report.refused} refused by both`,
    );
    cellOf(table, messages[0]?.type ?? '', 'ovs-vswitchd').compared += report.compared;
    for (const [because, times] of report.explained) explained.set(because, (explained.get(because) ?? 0) + times);
    for (const { ours, theirs, hex } of report.disagreements)
      failures.push(`${what}: the validator says ${ours}, ovs-vswitchd ${theirs}: ${hex}`);
  }
}

async function compareWithSwitch(run: Run): Promise<void> {
  const oracle = await SwitchOracle.start();
  try {
    const { sent, answered } = await switchReplies(oracle);
    for (const kind of answered) cellOf(run.table, kind, 'ovs-vswitchd').compared++;
    for (const { kind, frame } of sent) {
      cellOf(run.table, kind, 'ovs-vswitchd').compared++;
      if (!comesBack(frame))
        run.failures.push(`${kind}: what ovs-vswitchd sent is not encoded again to the same bytes: ${hexOf(frame)}`);
    }
    await judge(oracle, run);
    const held = await compareDumps(oracle, chanceOf(run.options.seed), run.options.flows);
    run.facts.push(`${run.options.flows} flows held by ovs-vswitchd, ${held.length} of them in other bytes than ours`);
    for (const { ours, theirs } of held) run.failures.push(`held otherwise: ${ours} as ${theirs}`);
  } finally {
    await oracle.close();
  }
}

async function compareTexts({ options, facts, failures }: Run): Promise<void> {
  const flows = textFlows(chanceOf(options.seed));
  const chunk = 2000;
  let differences = 0;
  for (let done = 0; done < options.flows; done += chunk) {
    const some = Array.from({ length: Math.min(chunk, options.flows - done) }, () => flows.next().value);
    for (const { what, text, ours, theirs } of await compareFlowTexts(some)) {
      differences++;
      failures.push(`${what}: ${text}: ours ${ours}, theirs ${theirs}`);
    }
  }
  facts.push(`${options.flows} flows as text, read and written by ovs-ofctl and by us: ${differences} differences`);
}

function readVectors({ options, facts, failures }: Run): void {
  const { vectors } = options;
  if (vectors === undefined || !existsSync(vectors)) {
    facts.push("DAMSELFLY_VECTORS names no folder: Open vSwitch's own vectors are not part of this run");
    return;
  }
  const counts = new Map<string, number>();
  for (const { name, outcome, why } of checkVectors(vectors)) {
    counts.set(outcome, (counts.get(outcome) ?? 0) + 1);
    if (outcome === 'otherwise') failures.push(`vector ${name}: ${why ?? ''}`);
  }
  facts.push(`vectors of Open vSwitch: ${[...counts].map(([outcome, count]) => `${count} ${outcome}`).join('; ')}`);
}

/** Compares. Takes ovs-ofctl, ovs-vswitchd, tshark and os-ken. */
export async function conformance(options: ConformanceOptions): Promise<ConformanceReport> {
  const run: Run = { options, table: new Map(), facts: [], failures: [], explained: new Map() };
  const versions = await Promise.all(readers.map(async ({ name, version }) => `${name}: ${await version()}`));
  await compareReaders(run);
  await compareWithSwitch(run);
  await compareTexts(run);
  readVectors(run);
  for (const row of run.table.values())
    for (const [reader, { unread }] of row)
      for (const [because, count] of unread) {
        const words = `${reader}: ${because}`;
        run.explained.set(words, (run.explained.get(words) ?? 0) + count);
      }
  return { ...run, versions };
}
