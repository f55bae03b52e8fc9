// `damselfly ofp encode`: flows and groups as ovs-ofctl takes them, and messages in JSON, to the bytes that go to a switch.
import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import {
  encode,
  EncodeError,
  fromJson,
  hexOf,
  JsonProblem,
  parseFlow,
  parseGroup,
  SyntaxProblem,
  type Message,
} from '../ofp/index.js';

interface Options {
  readonly xid: number;
  readonly json?: boolean;
}

/** Adds the command. */
export function addEncode(ofp: Command): void {
  ofp
    .command('encode')
    .description('encode flows and groups in the syntax of ovs-ofctl, or messages in JSON, to a line of hex each')
    .argument(
      '<text...>',
      'a flow, a group (with group_id=) or a JSON object; a command may stand first (delete …); - reads lines',
    )
    .option('--xid <number>', 'the transaction id', xidOf, 0)
    .option('--json', 'the lines of hex as a JSON list')
    .addHelpText(
      'after',
      `
Examples:
  damselfly ofp encode 'table=5,priority=10,tcp,tp_dst=80,actions=ct(commit,table=6)'
  damselfly ofp encode 'delete table=5' 'group_id=1,type=all,bucket=output:1,bucket=output:2'
  damselfly ofp encode '{"type":"echo_request","data":"00ff"}' | damselfly ofp print`,
    )
    .action((texts: readonly string[], { xid, json }: Options) => {
      const lines = texts.flatMap((text) => (text === '-' ? linesOf(readFileSync(0, 'utf8')) : [text]));
      const frames = lines.map((line) => hexOf(encoded(line, xid)));
      process.stdout.write(json === true ? `${JSON.stringify(frames)}\n` : frames.map((hex) => `${hex}\n`).join(''));
    });
}

function xidOf(text: string): number {
  const xid = Number(text);
  if (!Number.isInteger(xid) || xid < 0 || xid > 0xffff_ffff) throw new Error(`${text} is no 32-bit number`);
  return xid;
}

const linesOf = (text: string) => text.split('\n').filter((line) => line.trim() !== '' && !line.startsWith('#'));

const isProblem = (error: unknown): error is Error =>
  [SyntaxProblem, JsonProblem, EncodeError, SyntaxError].some((kind) => error instanceof kind);

function encoded(line: string, xid: number): Uint8Array {
  try {
    return encode(messageOf(line), xid);
  } catch (error) {
    if (!isProblem(error)) throw error;
    throw new Error(`${line}\n  ${error.message}`, { cause: error });
  }
}

function messageOf(line: string): Message {
  if (line.trimStart().startsWith('{')) return fromJson(JSON.parse(line));
  return /\bgroup_id=/.test(line) ? parseGroup(line) : parseFlow(line);
}
