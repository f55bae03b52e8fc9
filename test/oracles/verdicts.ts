// Our validator's verdicts held against those of a real ovs-vswitchd, message by message.
import { encode, EncodeError, hexOf, validate, type Message, type Refusal } from '../../src/ofp/index.js';
import type { SwitchOracle, Verdict } from './vswitchd.js';

/** A message on which we and the switch disagree. */
export interface Disagreement {
  readonly ours: string;
  readonly theirs: string;
  readonly hex: string;
  readonly message: Message;
}

/** What came of a comparison. `explained` counts disagreements by their explanation. */
export interface VerdictReport {
  compared: number;
  refused: number;
  readonly explained: Map<string, number>;
  readonly disagreements: Disagreement[];
}

/** What only the switch can know: which groups and meters exist, and what is in the packet. */
const ofState: ReadonlySet<string> = new Set([
  'OFPGMFC_GROUP_EXISTS',
  'OFPGMFC_UNKNOWN_GROUP',
  'OFPBAC_BAD_OUT_GROUP',
  'NXFMFC_INVALID_TLV_FIELD',
]);
const ofPacket: ReadonlySet<string> = new Set(['OFPBAC_MATCH_INCONSISTENT', 'OFPBAC_BAD_TAG']);

// Where we are stricter on purpose; the words are those of the refusal.
const stricter: readonly (readonly [words: RegExp, because: string])[] = [
  [/bundle of no such fields/, 'a bundle_load of unknown fields or algorithm ends the switch at the first packet'],
  [/learn with a cookie of all ones/, 'a learn with such a cookie ends the switch at the first packet'],
  [/goto_table:255/, 'there is no table 255 to go to'],
  [/table 254 is the switch's own/, 'what deleting there does depends on the flows that the switch put there'],
];

function explanation(message: Message, ours: Refusal | undefined, theirs: Verdict): string | undefined {
  if (theirs !== undefined && ofState.has(theirs))
    return 'only the switch knows which groups, meters and options exist';
  if (theirs !== undefined && message.type === 'packet_out' && ofPacket.has(theirs))
    return 'only the switch looks into the packet';
  return stricter.find(([words]) => ours && words.test(ours.why))?.[1];
}

// What would end the switch is not sent to be carried out at once.
const isDeadly = (message: Message, ours: Refusal | undefined) =>
  message.type === 'packet_out' && ours !== undefined && /bundle of no such|learn with a cookie/.test(ours.why);

function encoded(message: Message): Uint8Array | undefined {
  try {
    return encode(message, 0);
  } catch (error) {
    if (error instanceof EncodeError) return undefined;
    throw error;
  }
}

/** Sends messages to the switch and compares its answers with the validator's. What cannot be encoded is not counted. */
export async function compareVerdicts(oracle: SwitchOracle, messages: Iterable<Message>): Promise<VerdictReport> {
  const report: VerdictReport = { compared: 0, refused: 0, explained: new Map(), disagreements: [] };
  const sent: { message: Message; frame: Uint8Array; ours: Refusal | undefined }[] = [];
  for (const message of messages) {
    const frame = encoded(message);
    const ours = validate(message);
    if (frame && !isDeadly(message, ours)) sent.push({ message, frame, ours });
  }
  const verdicts = await oracle.verdicts(sent.map(({ frame }) => frame));
  for (const [i, { message, frame, ours }] of sent.entries()) {
    const theirs = verdicts[i];
    report.compared++;
    if (theirs !== undefined) report.refused++;
    if (ours?.error === theirs) continue;
    const because = explanation(message, ours, theirs);
    if (because) report.explained.set(because, (report.explained.get(because) ?? 0) + 1);
    else
      report.disagreements.push({
        ours: ours ? `${ours.error} (${ours.why})` : 'taken',
        theirs: theirs ?? 'taken',
        hex: hexOf(frame),
        message,
      });
  }
  return report;
}
