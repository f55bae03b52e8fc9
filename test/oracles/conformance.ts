// One run of everything: random messages of every kind to every reader, flows as text both ways, flows as a switch holds them,
// the validator against a switch's verdicts, the switch's own messages, and vectors.
import { existsSync } from 'node:fs';
import { encode, hexOf, type FlowMod, type Message } from '../../src/ofp/index.js';
import { chanceOf, type Chance } from '../ofp/random/chance.js';
import { randomFlowMod, randomGroupMod } from '../ofp/random/flows.js';
import { randomPacketOut } from '../ofp/random/packet-out.js';
import { everyObject } from '../ofp/random/standard.js';
import { cameBack, cellOf, compareReader, specimens, type Table } from './compare.js';
import { compareDumps, compareHeldTexts } from './dumps.js';
import { compareFlowTexts, textFlows } from './flow-texts.js';
import { checkVectors } from './ovs-vectors.js';
import { ofctl, osKen, tshark, type FrameReader } from './readers.js';
import { compareSpoiledTexts } from './spoiled-texts.js';
import { comesBack, switchReplies } from './switch-replies.js';
import { compareVerdicts } from './verdicts.js';
import { SwitchOracle } from './vswitchd.js';

/** How much to compare; what is 0 is left out. */
export interface ConformanceOptions {
  readonly seed: number;
  /** Random messages of every kind. */
  readonly each: number;
  /** Random flows, as text both ways and in a switch. */
  readonly flows: number;
  /** Random messages whose verdicts are compared. */
  readonly verdicts: number;
  /** Flows as text with something wrong in it. */
  readonly spoiled: number;
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

function tally(into: Map<string, number>, from: ReadonlyMap<string, number>, before = ''): void {
  for (const [because, times] of from) into.set(before + because, (into.get(before + because) ?? 0) + times);
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
    tally(explained, report.explained);
    for (const { ours, theirs, hex } of report.disagreements)
      failures.push(`${what}: the validator says ${ours}, ovs-vswitchd ${theirs}: ${hex}`);
  }
}

async function compareReplies(oracle: SwitchOracle, { table, failures }: Run): Promise<void> {
  const { sent, answered } = await switchReplies(oracle);
  for (const kind of answered) cellOf(table, kind, 'ovs-vswitchd').compared++;
  for (const { kind, frame } of sent) {
    cellOf(table, kind, 'ovs-vswitchd').compared++;
    if (!comesBack(frame))
      failures.push(`${kind}: what ovs-vswitchd sent is not encoded again to the same bytes: ${hexOf(frame)}`);
  }
}

async function compareHeld(oracle: SwitchOracle, { options, facts, failures }: Run): Promise<void> {
  const held = await compareDumps(oracle, chanceOf(options.seed), options.flows);
  facts.push(`${options.flows} flows held by ovs-vswitchd, ${held.length} of them in other bytes than ours`);
  for (const { ours, theirs } of held) failures.push(`held otherwise: ${ours} as ${theirs}`);
}

// Flows are compared in the chunks in which they are made, so that memory does not grow with their number.
const chunkLength = 2000;

function typesIn({ instructions }: FlowMod): string[] {
  const found: string[] = [];
  everyObject(instructions, (object) => {
    if ('type' in object && typeof object.type === 'string') found.push(object.type);
    return true;
  });
  return found;
}

async function compareTexts(oracle: SwitchOracle, { options, facts, failures }: Run): Promise<void> {
  const flows = textFlows(chanceOf(options.seed));
  const words = chanceOf(options.seed);
  const types = new Set<string>();
  let held = 0;
  for (let done = 0; done < options.flows; done += chunkLength) {
    const some = Array.from({ length: Math.min(chunkLength, options.flows - done) }, () => flows.next().value);
    for (const flow of some) for (const type of typesIn(flow)) types.add(type);
    const { differences, taken } = await compareFlowTexts(some, words);
    for (const { what, text, ours, theirs } of differences)
      failures.push(`${what}: ${text}: ours ${ours}, theirs ${theirs}`);
    const { compared, problems } = await compareHeldTexts(oracle, taken);
    held += compared;
    failures.push(...problems);
  }
  facts.push(
    `${options.flows} flows as text, in dumps' words and in others, with ${types.size} types of actions and instructions: read and written by ovs-ofctl and by us`,
    `${held} of them taken by ovs-vswitchd from our bytes and compared with their text by ovs-ofctl's diff-flows and dump-flows`,
  );
}

async function compareSpoiled({ options, facts, failures, explained }: Run): Promise<void> {
  const report = await compareSpoiledTexts(chanceOf(options.seed), options.spoiled);
  facts.push(
    `${options.spoiled} flows as text with something wrong in it, ${report.refused} of them refused by ovs-ofctl`,
  );
  tally(explained, report.explained, 'ovs-ofctl, of text: ');
  for (const { what, text, ours, theirs } of report.differences)
    failures.push(`${what}: ${text}: ours ${ours}, theirs ${theirs}`);
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

async function compareWithSwitch(run: Run): Promise<void> {
  const { each, flows, verdicts } = run.options;
  const oracle = await SwitchOracle.start();
  try {
    if (each > 0) await compareReplies(oracle, run);
    if (verdicts > 0) await judge(oracle, run);
    if (flows > 0) {
      await compareHeld(oracle, run);
      await compareTexts(oracle, run);
    }
  } finally {
    await oracle.close();
  }
}

/** Compares. Takes ovs-ofctl, ovs-vswitchd, tshark and os-ken. */
export async function conformance(options: ConformanceOptions): Promise<ConformanceReport> {
  const run: Run = { options, table: new Map(), facts: [], failures: [], explained: new Map() };
  const versions = await Promise.all(readers.map(async ({ name, version }) => `${name}: ${await version()}`));
  if (options.each > 0) {
    await compareReaders(run);
    readVectors(run);
  }
  await compareWithSwitch(run);
  if (options.spoiled > 0) await compareSpoiled(run);
  for (const row of run.table.values())
    for (const [reader, { unread }] of row) tally(run.explained, unread, `${reader}: `);
  return { ...run, versions };
}
