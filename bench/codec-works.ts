// The work of the codec that is measured, each piece with its bound: copying what the piece makes or reads.
import {
  decode,
  encode,
  encodeInto,
  FlowCursor,
  type FlowMod,
  rawFlowStats,
  Template,
  Writer,
} from '../src/ofp/index.js';
import type { CodecMessages } from './codec-messages.js';
import { demand } from './gate.js';
import { flowModValues } from './installed.js';

/** A piece of work: how many messages one go is, and the go, which returns something that depends on each message. */
export interface Work {
  readonly metric: string;
  readonly peer: string;
  readonly n: number;
  readonly go: () => number;
}

/** How often a go is repeated for one sample; one more before it, unmeasured, meets what the work before left behind. */
const goesPerSample = 3;

/** Nanoseconds of CPU per message: what other programs do meanwhile does not count, and collecting our garbage does. */
export function cpuTime({ go, n }: Work): number {
  let result = go();
  const started = process.cpuUsage();
  for (let i = 0; i < goesPerSample; i++) result += go();
  const { user, system } = process.cpuUsage(started);
  demand(result > 0, 'nothing was done'); // and so the work cannot be optimised away
  return ((user + system) * 1000) / n / goesPerSample;
}

/** Bytes of garbage per message that a go leaves: the least of several, for some end in a collection. */
export function garbage({ go, n }: Work): number {
  const grown = Array.from({ length: 5 }, () => {
    const before = process.memoryUsage().heapUsed;
    go();
    return process.memoryUsage().heapUsed - before;
  });
  return Math.min(...grown.filter((size) => size >= 0)) / n;
}

/** All pieces, in the order in which they take turns. */
export function codecWorks({ flowMods, dumps, packetIns }: CodecMessages): Work[] {
  const intoSlab = encoding(flowMods);
  return [
    { metric: 'encode', peer: 'bound', n: flowMods.length, go: copying(flowMods) },
    { metric: 'encode', peer: 'damselfly', n: flowMods.length, go: intoSlab },
    { metric: 'encode', peer: 'damselfly, own bytes', n: flowMods.length, go: encodingEach(flowMods) },
    ...templateWorks(flowMods),
    ...dumpWorks(dumps),
    ...packetWorks(packetIns),
    { metric: 'encode', peer: 'damselfly again', n: flowMods.length, go: intoSlab },
  ];
}

/** The flow_mods of the one shape are written so often in a go: alone they are too few to be timed. */
const templateRepeats = 10;
const cookieBits = 40;

/** The flow that puts packets out of a port, which each port has one of, with what differs left open; undefined for another. */
function openDispatch({ table, cookie, match, instructions }: FlowMod): readonly [number, number, number] | undefined {
  const [apply] = instructions;
  const action = apply?.type === 'apply_actions' ? apply.actions[0] : undefined;
  if (table !== 115 || action?.type !== 'output' || typeof match.reg7 !== 'number') return undefined;
  return [Number(BigInt.asUintN(cookieBits, cookie)), match.reg7, action.port];
}

/** One shape of flow_mod, by a template. */
function templateWorks(flowMods: readonly Uint8Array[]): Work[] {
  const values = flowModValues(flowMods);
  const chosen = values.flatMap((value, i) => {
    const numbers = openDispatch(value);
    return numbers === undefined ? [] : [{ value, numbers, frame: flowMods[i]! }];
  });
  const repeated = Array.from({ length: templateRepeats }, () => chosen).flat();
  const { value } = chosen[0]!;
  const tag = BigInt.asUintN(64, value.cookie >> BigInt(cookieBits)) << BigInt(cookieBits);
  const template = new Template([cookieBits, 32, 32], (cookie = 0, reg7 = 0, port = 0) => ({
    ...value,
    cookie: tag | BigInt(cookie),
    match: { ...value.match, reg7 },
    instructions: [{ type: 'apply_actions', actions: [{ type: 'output', port }] }],
  }));
  const writer = new Writer(template.size * repeated.length);
  for (const { numbers } of chosen) template.write(writer, 0, numbers);
  const isSame = Buffer.compare(writer.peek(), Buffer.concat(chosen.map(({ frame }) => frame))) === 0;
  demand(isSame, 'a template writes other flow_mods than compile');
  const patched = () => {
    writer.reset();
    for (const { numbers } of repeated) template.write(writer, 0, numbers);
    return writer.size;
  };
  return [
    { metric: 'template', peer: 'bound', n: repeated.length, go: copying(repeated.map(({ frame }) => frame)) },
    { metric: 'template', peer: 'damselfly', n: repeated.length, go: patched },
  ];
}

/** Reads nothing of a dump but its cookies. */
function cookies(dumps: readonly Uint8Array[]): () => number {
  return () => {
    let [sum, length] = [0, 0];
    for (const frame of dumps) {
      const cursor = new FlowCursor(frame);
      while (cursor.next()) {
        sum ^= cursor.cookieHigh ^ cursor.cookieLow;
        length++;
      }
    }
    return sum === 0 ? 0 : length;
  };
}

function dumpWorks(dumps: readonly Uint8Array[]): Work[] {
  const n = dumps.reduce((sum, frame) => sum + [...rawFlowStats(frame)].length, 0);
  const undecoded = () => {
    let [sum, length] = [0n, 0];
    for (const frame of dumps)
      for (const { cookie } of rawFlowStats(frame)) {
        sum ^= cookie;
        length++;
      }
    return sum === 0n ? 0 : length;
  };
  const decoded = () => dumps.reduce((sum, frame) => sum + decode(frame).xid, 0);
  return [
    { metric: 'dump', peer: 'bound', n, go: copying(dumps) },
    { metric: 'dump', peer: 'damselfly, cookies', n, go: cookies(dumps) },
    { metric: 'dump', peer: 'damselfly, undecoded', n, go: undecoded },
    { metric: 'dump', peer: 'damselfly, decoded', n, go: decoded },
  ];
}

/** The few packet_ins that a switch sends are read so often in a go that collecting their garbage is part of it. */
const packetInRepeats = 200;

function packetWorks(recorded: readonly Uint8Array[]): Work[] {
  const packetIns = Array.from({ length: packetInRepeats }, () => recorded).flat();
  const decoded = () => packetIns.reduce((sum, frame) => sum + packetSize(decode(frame)), 0);
  return [
    { metric: 'packet_in', peer: 'bound', n: packetIns.length, go: copying(packetIns) },
    { metric: 'packet_in', peer: 'damselfly', n: packetIns.length, go: decoded },
  ];
}

const packetSize = ({ message }: ReturnType<typeof decode>): number =>
  message.type === 'packet_in' ? message.data.length : NaN;

/** Copies frames, which lie one behind the other so that nothing is paid for finding them, into a slab. */
function copying(frames: readonly Uint8Array[]): () => number {
  const whole = Buffer.concat(frames);
  const slab = new Uint8Array(whole.length);
  let start = 0;
  const packed = frames.map((frame) => whole.subarray(start, (start += frame.length)));
  return () => {
    let at = 0;
    for (const frame of packed) {
      slab.set(frame, at);
      at += frame.length;
    }
    return at;
  };
}

/** Encodes values into one slab. */
function encoding(frames: readonly Uint8Array[]): () => number {
  const values = flowModValues(frames);
  const writer = new Writer(frames.reduce((sum, frame) => sum + frame.length, 0));
  return () => {
    writer.reset();
    for (const value of values) encodeInto(writer, value, 0);
    return writer.size;
  };
}

/** Encodes values, each into bytes of its own. */
function encodingEach(frames: readonly Uint8Array[]): () => number {
  const values = flowModValues(frames);
  return () => values.reduce((sum, value) => sum + encode(value, 0).length, 0);
}
