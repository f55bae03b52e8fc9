// `damselfly ofp print`: OpenFlow messages, given as hex or in a capture, as text or JSON.
import { existsSync, readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { decode, DecodeError, formatMessage, Framer, hexOf, toJson } from '../ofp/index.js';
import { isCapture } from '../packet/capture-file.js';
import { openFlowOf, type CaptureEvent } from './ofp-capture.js';

/** The ports that controllers listen on: IANA's for OpenFlow, and the one before it. */
const openFlowPorts = [6653, 6633];

/** A message to print, or what is wrong; `where` says of which connection, and when. */
interface Entry {
  readonly where: Readonly<Record<string, string>>;
  readonly frame?: Uint8Array;
  readonly problem?: string;
}

interface Options {
  readonly json?: boolean;
  readonly port: readonly number[];
}

/** Adds the command. */
export function addPrint(ofp: Command): void {
  ofp
    .command('print')
    .description('print OpenFlow 1.3 messages, as ovs-ofctl does or in one line each')
    .argument(
      '[input]',
      'a message in hex, a file of hex (a message or several per line), a pcap or pcapng file, or - for any of these',
      '-',
    )
    .option(
      '--json',
      'one JSON object per line: xid and message (docs/openflow.schema.json); of a capture also time, from and to',
    )
    .option('--port <port>', 'TCP port in a capture, instead of 6653 and 6633 (repeatable)', portList, [])
    .addHelpText(
      'after',
      `
Exit status: 0 if everything was printed, 1 if something could not be read.

Examples:
  damselfly ofp print 0414000800000001
  tcpdump -i lo -w - tcp port 6653 | damselfly ofp print
  damselfly ofp print --json control.pcapng`,
    )
    .action((input: string, { json = false, port }: Options) => {
      let count = 0;
      for (const entry of entriesOf(input, port.length > 0 ? port : openFlowPorts)) {
        count += 1;
        const { line, isWrong } = (json ? jsonLine : textLine)(entry);
        process.stdout.write(`${line}\n`);
        if (isWrong) process.exitCode = 1;
      }
      if (count === 0) throw new Error(`no OpenFlow message in ${input === '-' ? 'standard input' : input}`);
    });
}

function portList(text: string, before: readonly number[]): readonly number[] {
  if (!/^\d{1,5}$/.test(text) || Number(text) > 0xffff) throw new Error(`${text} is no TCP port`);
  return [...before, Number(text)];
}

function entriesOf(input: string, ports: readonly number[]): Iterable<Entry> {
  if (input !== '-' && !existsSync(input)) {
    if (!/^(0x|[0-9a-f\s:])+$/i.test(input)) throw new Error(`${input}: neither a file nor hex`);
    return hexEntries(input);
  }
  const file = readFileSync(input === '-' ? 0 : input);
  return isCapture(file) ? captureEntries(file, ports) : hexEntries(file.toString('latin1'));
}

/** Hex, lines of it; blanks, colons and 0x are passed over, and so are empty lines and those that begin with #. */
function* hexEntries(text: string): Generator<Entry> {
  const lines = text.split('\n');
  for (const [index, line] of lines.entries()) {
    const hex = line.replace(/#.*|0x|[\s:]/gi, '');
    if (hex === '') continue;
    const of = lines.length > 1 ? `line ${index + 1}: ` : '';
    if (!/^([0-9a-f]{2})*$/i.test(hex)) yield { where: {}, problem: `${of}no hex of whole bytes` };
    else
      for (const { frame, problem } of framesOf(Uint8Array.from(Buffer.from(hex, 'hex'))))
        yield frame ? { where: {}, frame } : { where: {}, problem: `${of}${problem ?? ''}` };
  }
}

function* framesOf(bytes: Uint8Array): Generator<Omit<Entry, 'where'>> {
  const framer = new Framer();
  try {
    for (const frame of framer.push(bytes)) yield { frame };
    if (framer.held > 0)
      yield { problem: `a message breaks off after ${framer.held} bytes: ${hexOf(bytes.slice(-framer.held))}` };
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    yield { problem: error.message };
  }
}

function* captureEntries(file: Uint8Array, ports: readonly number[]): Generator<Entry> {
  for (const event of openFlowOf(file, ports)) {
    const time = timeText(event.timeNs);
    const where = { ...(time === undefined ? {} : { time }), from: event.from, to: event.to };
    yield 'frame' in event ? { where, frame: event.frame } : { where, problem: event.lost };
  }
}

/** RFC 3339, in UTC, with microseconds. */
function timeText(timeNs: CaptureEvent['timeNs']): string | undefined {
  if (timeNs === undefined) return undefined;
  const micros = String((timeNs / 1000n) % 1_000_000n).padStart(6, '0');
  return new Date(Number(timeNs / 1_000_000n)).toISOString().replace(/\.\d+Z$/, `.${micros}Z`);
}

interface Printed {
  readonly line: string;
  readonly isWrong: boolean;
}

function textLine({ where: { time, from, to }, frame, problem }: Entry): Printed {
  const head = [...(time === undefined ? [] : [time]), ...(from && to ? [`${from} > ${to}`] : [])];
  const read = frame === undefined ? problem : tried(frame, ({ message, xid }) => formatMessage(message, xid));
  if (typeof read === 'object') return { line: [...head, read.is].join(' '), isWrong: false };
  return { line: [...head, `*** ${read ?? 'nothing'}`].join(' '), isWrong: true };
}

function jsonLine({ where, frame, problem }: Entry): Printed {
  const read = frame === undefined ? problem : tried(frame, ({ message, xid }) => ({ xid, message: toJson(message) }));
  if (typeof read === 'object') return { line: JSON.stringify({ ...where, ...read.is }), isWrong: false };
  const hex = frame === undefined ? {} : { hex: hexOf(frame) };
  return { line: JSON.stringify({ ...where, problem: read, ...hex }), isWrong: true };
}

/** What a frame means, or the sentence that says why it means nothing. */
function tried<T>(frame: Uint8Array, use: (decoded: ReturnType<typeof decode>) => T): { readonly is: T } | string {
  try {
    return { is: use(decode(frame)) };
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    return error.message;
  }
}
