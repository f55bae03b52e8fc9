// Flows as text with something wrong in it: what ovs-ofctl refuses we refuse, and what both take means the same to both.
import {
  encode,
  EncodeError,
  formatFlow,
  formatMessage,
  parseFlow,
  SyntaxProblem,
  validate,
} from '../../src/ofp/index.js';
import { CommandError, run } from '../lab/process.js';
import type { Chance } from '../ofp/random/chance.js';
import { spoiled } from '../ofp/random/spelling.js';
import { textFlows, type TextDifference } from './flow-texts.js';

/** What came of a comparison. `explained` counts disagreements by their explanation. */
export interface SpoiledReport {
  refused: number;
  readonly explained: Map<string, number>;
  readonly differences: TextDifference[];
}

/** A flow_mod as text, or why there is none. */
type Verdict = { readonly said: string } | { readonly refused: string };

function ourVerdict(text: string): Verdict {
  try {
    const flow = parseFlow(text);
    encode(flow, 1);
    const refusal = validate(flow);
    return refusal ? { refused: refusal.error } : { said: formatMessage(flow, 1) };
  } catch (error) {
    if (error instanceof SyntaxProblem || error instanceof EncodeError) return { refused: error.message };
    throw error;
  }
}

async function theirVerdict(text: string): Promise<Verdict> {
  try {
    const said = await run('ovs-ofctl', ['-O', 'OpenFlow13', '-vconsole:off', '--no-names', 'parse-flow', text]);
    const [line] = /^OFPT_FLOW_MOD.*/m.exec(said) ?? [];
    return line === undefined || line.includes('***decode error') ? { refused: said.trim() } : { said: line };
  } catch (error) {
    if (error instanceof CommandError) return { refused: error.output.trim() };
    throw error;
  }
}

// Where we refuse what ovs-ofctl takes; the words are those of our refusal.
const stricter: readonly (readonly [RegExp, because: string])[] = [
  [/parenthesis/, 'it ends what is open where the text ends'],
  [/is not a number|is not a MAC address|is not an IPv4 address|does not fit/, 'it reads a number as far as it is one'],
  [/lacks actions=/, 'any word that contains "action" is taken for actions='],
  [/OFPBMC_BAD_PREREQ/, 'it leaves out fields whose prerequisites the match lacks'],
  [/OFPBMC_BAD_VALUE/, 'it cuts values that a field of few bits cannot hold'],
  [/is no field, protocol or option/, 'it passes over what stands behind the name of a protocol'],
  [/OFPBIC_BAD_TABLE_ID/, 'there is no table 255 to go to'],
];

// Where we understand the text otherwise.
const otherwise: readonly (readonly [RegExp, because: string])[] = [
  [/limit=0x/, 'it takes the limit of a learn for 0 where it is in hex'],
];

function explanation(text: string, ours: Verdict, theirs: Verdict): string | undefined {
  if ('refused' in ours && 'said' in theirs) return stricter.find(([words]) => words.test(ours.refused))?.[1];
  return otherwise.find(([words]) => words.test(text))?.[1];
}

const meaning = (verdict: Verdict) => ('said' in verdict ? verdict.said : 'refused');

async function judge(text: string, report: SpoiledReport): Promise<void> {
  const ours = ourVerdict(text);
  const theirs = await theirVerdict(text);
  if ('refused' in theirs) report.refused++;
  if (meaning(ours) === meaning(theirs)) return;
  const because = explanation(text, ours, theirs);
  if (because) report.explained.set(because, (report.explained.get(because) ?? 0) + 1);
  else {
    const words = (verdict: Verdict) => ('said' in verdict ? verdict.said : verdict.refused);
    report.differences.push({ what: 'spoiled text', text, ours: words(ours), theirs: words(theirs) });
  }
}

/** Spoils the text of so many flows, and compares what ovs-ofctl and we make of it. */
export async function compareSpoiledTexts(chance: Chance, count: number): Promise<SpoiledReport> {
  const report: SpoiledReport = { refused: 0, explained: new Map(), differences: [] };
  const flows = textFlows(chance);
  for (let i = 0; i < count; i++) await judge(spoiled(chance, formatFlow(flows.next().value)), report);
  return report;
}
