// Random flows: the text that Open vSwitch prints of them, the bytes that ovs-ofctl makes of it, and those in which ovs-vswitchd dumps them.
import { flowSelection, formatFlow } from '../src/ofp/index.js';
import { madeByOfctl, textFlows } from '../test/oracles/flow-texts.js';
import { SwitchOracle } from '../test/oracles/vswitchd.js';
import { chanceOf } from '../test/ofp/random/chance.js';
import { SwitchRecorder } from './switch-recorder.js';
import { steadyHex, withoutXid } from './unsteady.js';

const entriesAt = 16;
const cookieAt = 24;
const hexDigits = 2;

function* entriesOf(frame: string): Generator<readonly [cookie: number, hex: string]> {
  const bytes = Buffer.from(frame, 'hex');
  for (let at = entriesAt; at < bytes.length;) {
    const size = bytes.readUInt16BE(at);
    yield [Number(bytes.readBigUInt64BE(at + cookieAt)), frame.slice(at * hexDigits, (at + size) * hexDigits)];
    at += size;
  }
}

/** Flows as text, each of another priority and with its number as its cookie. */
function drawn(count: number, seed: number): string[] {
  const flows = textFlows(chanceOf(seed));
  return Array.from({ length: count }, (_, i) => {
    const flow = flows.next().value;
    return formatFlow({ ...flow, priority: i + 1, cookie: BigInt(i + 1), idleTimeout: 0, hardTimeout: 0 });
  });
}

const cookieOf = (text: string) => Number(/^cookie=(0x[0-9a-f]+)/.exec(text)?.[1]);

/** One row for each flow that ovs-vswitchd holds: text, flow_mod, entry of a dump. Cookies and priorities differ. */
export async function recordFlows(texts: readonly string[]): Promise<string[][]> {
  const oracle = await SwitchOracle.start();
  try {
    await oracle.held([]);
    await oracle.ovs.ofctl(['--bundle', '--no-names', 'add-flows', 'br0', '-'], texts.join('\n') + '\n');
    const printed = await oracle.ovs.ofctl(['--no-names', '--no-stats', 'dump-flows', 'br0']);
    const recorder = await SwitchRecorder.connect(oracle.ovs.management('br0'));
    const parts = await recorder.ask({ type: 'multipart_request', kind: 'flow', ...flowSelection() });
    recorder.close();
    const entries = new Map(parts.flatMap((part) => [...entriesOf(steadyHex(part))]));
    const lines = printed
      .split('\n')
      .map((line) => line.trim())
      .filter((line) => line.startsWith('cookie='))
      .sort((a, b) => cookieOf(a) - cookieOf(b));
    const made = await madeByOfctl(lines);
    return lines.map((line, i) => [line, withoutXid(made[i]?.bytes ?? ''), entries.get(cookieOf(line)) ?? '']);
  } finally {
    await oracle.close();
  }
}

/** `count` random flows that Open vSwitch takes as text. */
export async function drawFlows(count: number, seed: number): Promise<string[]> {
  const texts = drawn(count, seed);
  const made = await madeByOfctl(texts);
  return texts.filter((_, i) => made[i]?.refused === '');
}
