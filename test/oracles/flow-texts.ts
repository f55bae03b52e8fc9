// Flows as text: ovs-ofctl reads ours and makes bytes of it, reads our bytes and makes text of them, and we read our own text again.
import { join } from 'node:path';
import { writeFileSync } from 'node:fs';
import {
  decode,
  encode,
  field,
  formatFlow,
  formatMessage,
  hexOf,
  isFieldName,
  parseFlow,
  type FieldName,
  type FlowMod,
} from '../../src/ofp/index.js';
import { recordingSwitch } from '../../scripts/recording-switch.js';
import { CommandError, run } from '../lab/process.js';
import type { Chance } from '../ofp/random/chance.js';
import { randomFlowMod } from '../ofp/random/flows.js';
import { isRight } from '../ofp/random/right.js';
import { respelled } from '../ofp/random/spelling.js';
import { everyObject } from '../ofp/random/standard.js';
import { makeWorkDirectory, removeWorkDirectory } from '../lab/work-directory.js';
import { ofctl, type Reading } from './readers.js';

/** A flow of which somebody made something else. */
export interface TextDifference {
  readonly text: string;
  readonly what: string;
  readonly ours: string;
  readonly theirs: string;
}

const xidAt = 8;
const withoutXid = (hex: string) => hex.slice(0, xidAt) + '00000000' + hex.slice(xidAt + 8);
const deadlineMs = 120_000;

/** What ovs-ofctl made of a line: bytes, or words that say why not. */
interface Made {
  readonly bytes: string;
  readonly refused: string;
}

/** The bytes that ovs-ofctl makes of each line, from the bundle in which it sends them. */
async function sendBundle(lines: readonly string[]): Promise<string[]> {
  const folder = makeWorkDirectory();
  const socket = join(folder, 'switch');
  const { server, taken } = await recordingSwitch(socket);
  try {
    const file = join(folder, 'flows');
    writeFileSync(file, lines.join('\n') + '\n');
    const words = ['-O', 'OpenFlow13', '-vconsole:off', '--no-names', '--bundle', 'add-flows', `unix:${socket}`, file];
    await run('ovs-ofctl', words, { timeoutMs: deadlineMs });
    return taken().flatMap((frame) => {
      const { message } = decode(Buffer.from(frame, 'hex'));
      // The message within the bundle_add, as it came.
      return message.type === 'bundle_add' ? [frame.slice(2 * 24)] : [];
    });
  } finally {
    server.close();
    removeWorkDirectory(folder);
  }
}

/**
 * What ovs-ofctl makes of each line. It stops at a line that it does not take, and mostly names it: the rest is sent again without,
 * or each half by itself.
 */
export async function madeByOfctl(lines: readonly string[]): Promise<Made[]> {
  if (lines.length === 0) return [];
  try {
    const bytes = await sendBundle(lines);
    return lines.map((_, i) => ({ bytes: bytes[i] ?? '', refused: '' }));
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    const [, number, named] = /flows:(\d+): (.*)/.exec(error.output) ?? [];
    const refused = named ?? error.output.trim();
    if (lines.length === 1) return [{ bytes: '', refused }];
    const at = number === undefined ? Math.floor(lines.length / 2) : Number(number) - 1;
    const before = await madeByOfctl(lines.slice(0, at));
    if (number === undefined) return [...before, ...(await madeByOfctl(lines.slice(at)))];
    return [...before, { bytes: '', refused }, ...(await madeByOfctl(lines.slice(at + 1)))];
  }
}

function ownBytes(text: string): string {
  try {
    return hexOf(encode(parseFlow(text), 0));
  } catch (error) {
    return String(error);
  }
}

// What ovs-ofctl prints and does not read, or prints otherwise than it was: such flows are left to the readers of bytes.
const oneWay: readonly (readonly [RegExp, because: string])[] = [
  [/:[0-9a-f]*\/[0-9][0-9a-f]*:/, 'a mask of an IPv6 address that begins with a digit is taken for a prefix length'],
  [/resubmit\(,(,ct)?\)/, 'a resubmit to the same port and table is not read'],
  [/set_field:ANY->/, 'a set_field of no bit at all is not read'],
  [/write_actions\(drop\)/, 'an action set of nothing is left out'],
  [/ct_nw_proto=0/, 'protocol 0 is taken for none'],
  [/in_port_oxm=\d{6,}/, 'a learned port that is none is printed as ANY'],
  [/learn\(.*packet_type=/, 'printed as packet_type=packet_type=(…)'],
  [/debug_(recirc|slow)/, 'for programs started with --enable-dummy'],
  [/nsh_c\d/, 'not printed'],
  [/ct_tp_/, 'printed only with ct_nw_proto'],
  [/set_tunnel(64)?:/, 'read as a set_field of tun_id'],
  [/tun_erspan/, 'fields of ERSPAN are printed only together with its version, and without their masks'],
  [/tun_gbp_flags/, 'printed without its mask'],
  [/gtpu_(flags|msgtype)=/, 'printed without the tun_ that it is read by'],
];

const whyOneWay = (text: string): string | undefined => oneWay.find(([pattern]) => pattern.test(text))?.[1];

// What ovs-ofctl does not take as text and the switch takes as bytes.
const untaken: readonly (readonly [RegExp, because: string])[] = [
  [/invalid mask for field/, 'parts of fields that no match masks are set in bytes only'],
  [/is not a valid value for field/, 'values to be learned are not looked at in bytes'],
];

/** A flow as text, what ovs-ofctl made of that, and what it reads in our bytes. */
interface Compared {
  readonly flow: FlowMod;
  readonly text: string;
  readonly inOtherWords: string;
  readonly made: Made;
  readonly madeOfOtherWords: Made;
  readonly reading: Reading;
}

const nothing: Made = { bytes: '', refused: 'no answer' };
const isTaken = ({ refused }: Made) => refused === '' || !untaken.some(([pattern]) => pattern.test(refused));

function differencesOf({ flow, text, inOtherWords, made, madeOfOtherWords, reading }: Compared): TextDifference[] {
  const frame = hexOf(encode(flow, 0));
  const said = 'said' in reading ? reading.said.trimEnd() : reading.error;
  const bytesOf = (what: string, of: Made) =>
    isTaken(of) ? [{ what, ours: frame, theirs: of.refused || withoutXid(of.bytes) }] : [];
  const checks = [
    ...bytesOf('bytes of the text', made),
    ...bytesOf('bytes of the text in other words', madeOfOtherWords),
    { what: 'bytes of the text as we read it', ours: frame, theirs: ownBytes(text) },
    { what: 'bytes of the text in other words as we read it', ours: frame, theirs: ownBytes(inOtherWords) },
    { what: 'text of the bytes', ours: formatMessage(flow, 0), theirs: said },
  ];
  return checks.filter(({ ours, theirs }) => ours !== theirs).map((check) => ({ text: inOtherWords, ...check }));
}

// What ovs-ofctl does not print of a match, or not always.
const hidden = /^(nsh_c\d|ct_tp_(src|dst)|tun_erspan_\w+)$/;
const hides = ({ match }: FlowMod) => match.packet_type === 0 || Object.keys(match).some((name) => hidden.test(name));

// A load of a whole field of an experimenter, which is read as a set_field with all its bits, is printed as one without mask.
const loadsWholeField = ({ instructions }: FlowMod) =>
  !everyObject(instructions, (object) => {
    if (!('mask' in object) || !('field' in object) || !isFieldName(String(object.field))) return true;
    const { experimenter, size } = field(object.field as FieldName); // it is one
    return experimenter === 0 || BigInt(object.mask as number) !== (1n << BigInt(8 * size)) - 1n; // no experimenter has options of bytes
  });

/** Random flows that Open vSwitch takes, in canonical form, and that ovs-ofctl reads as it prints them. */
export function* textFlows(chance: Chance): Generator<FlowMod, never> {
  for (;;) {
    const random = randomFlowMod(chance, 0);
    if (!isRight(random)) continue;
    const { message: flow } = decode(encode(random, 0));
    if (
      flow.type === 'flow_mod' &&
      isRight(flow) &&
      !hides(flow) &&
      !loadsWholeField(flow) &&
      !whyOneWay(formatFlow(flow))
    )
      yield flow;
  }
}

/** What came of a comparison. `taken` are the flows whose text ovs-ofctl takes. */
export interface TextReport {
  readonly differences: readonly TextDifference[];
  readonly taken: readonly FlowMod[];
}

/** Compares, for each flow, our bytes and text with those of ovs-ofctl. A few thousand at a time. */
export async function compareFlowTexts(flows: readonly FlowMod[], chance: Chance): Promise<TextReport> {
  const texts = flows.map((flow) => formatFlow(flow));
  const others = texts.map((text) => respelled(chance, text));
  const made = await madeByOfctl([...texts, ...others]);
  const read = await ofctl.read(flows.map((flow) => encode(flow, 0)));
  const all = flows.map((flow, i): Compared => ({
    flow,
    text: texts[i] ?? '',
    inOtherWords: others[i] ?? '',
    made: made[i] ?? nothing,
    madeOfOtherWords: made[i + flows.length] ?? nothing,
    reading: read[i] ?? { error: 'no answer' },
  }));
  return {
    differences: all.flatMap(differencesOf),
    taken: all.filter(({ made }) => made.refused === '').map(({ flow }) => flow),
  };
}
