// Figure 1: the codec, against os-ken on the same messages and against the bound, which is copying a message that is
// encoded already.
import { isDeepStrictEqual } from 'node:util';
import { decode, encode, encodeInstructions, encodeMatch, rawFlowStats } from '../src/ofp/index.js';
import { type CodecMessages, recordMessages } from './codec-messages.js';
import { codecWorks, cpuTime, garbage, type Work } from './codec-works.js';
import { demand } from './gate.js';
import { flowModValues, requireDump } from './installed.js';
import { OsKen } from './os-ken.js';
import { controlNote, type Figure, type Goal, type Line, short, valueText } from './report.js';
import { difference, type Samples, ratios, spread } from './sample.js';

/** How much is measured. */
export interface CodecOptions {
  readonly ports: number;
  readonly rounds: number;
  /** Whether os-ken is among the peers; only a test of this figure itself leaves it out, where it is not installed. */
  readonly osKen: boolean;
}

/** Messages that os-ken works on in a round: it takes a tenth of a millisecond for each. */
const peerLength = 1000;
/** flow_mods that are encoded in a round; more would measure the memory in which they lie. */
const encodedLength = 10_000;

/** Refuses messages that do not survive decoding and encoding byte for byte. */
export function requireRoundTrips(frames: readonly Uint8Array[]): void {
  frames.forEach((frame, i) => {
    const { message, xid } = decode(frame);
    demand(Buffer.compare(encode(message, xid), frame) === 0, `message ${i} changes when it is decoded and encoded`);
  });
}

/** Refuses a dump that the full decoder and the undecoded walk read differently. */
function requireSameReading(dumps: readonly Uint8Array[]): void {
  for (const frame of dumps) {
    const { message } = decode(frame);
    demand(message.type === 'multipart_reply' && message.kind === 'flow', 'a dump is not a dump');
    if (message.type !== 'multipart_reply' || message.kind !== 'flow') continue;
    const raw = [...rawFlowStats(frame)];
    demand(raw.length === message.entries.length, 'the two readers of dumps count differently');
    message.entries.forEach((flow, i) => {
      const isSame =
        Buffer.compare(encodeMatch(flow.match), raw[i]!.match) === 0 &&
        Buffer.compare(encodeInstructions(flow.instructions), raw[i]!.instructions) === 0;
      demand(isSame, `flow ${i} of a dump changes when it is decoded and encoded`);
    });
  }
}

/** Refuses an os-ken that makes or reads other messages than we do. */
async function requireSamePeer(peer: OsKen | undefined, messages: CodecMessages): Promise<string> {
  if (peer === undefined) return 'left out';
  const hex = (frames: readonly Uint8Array[]) => frames.map((frame) => Buffer.from(frame).toString('hex'));
  const { version, built, flows, packets } = await peer.load({
    flow_mods: hex(messages.flowMods),
    dumps: hex(messages.dumps),
    packet_ins: hex(messages.packetIns),
  });
  const ours = flowModValues(messages.flowMods);
  // os-ken puts match fields into another order, so values are compared, not bytes.
  built.forEach((text, i) => {
    demand(
      isDeepStrictEqual(decode(Buffer.from(text, 'hex')).message, ours[i]),
      `os-ken builds another flow_mod: ${text}`,
    );
  });
  const read = messages.dumps.flatMap((frame) =>
    [...rawFlowStats(frame)].map(({ table, priority, cookie }) => [table, priority, String(cookie)]),
  );
  demand(isDeepStrictEqual(flows, read), 'os-ken reads the dump differently');
  const seen = messages.packetIns.map((frame) => {
    const { message } = decode(frame);
    return message.type === 'packet_in' ? [message.match.in_port, Buffer.from(message.data).toString('hex')] : [];
  });
  demand(isDeepStrictEqual(packets, seen), 'os-ken reads the packet_ins differently');
  return version;
}

/** Every n-th element, so that all tables are among them. */
const spreadOut = <T>(items: readonly T[], length: number): T[] => {
  const step = Math.max(1, Math.floor(items.length / length));
  return items.filter((_, i) => i % step === 0).slice(0, length);
};

/** Measures, and says what was found; throws GateError where a codec is wrong. */
export async function codecFigure({ ports, rounds, osKen }: CodecOptions, samples: Samples): Promise<Figure> {
  const messages = await recordMessages(ports);
  requireDump(messages.dumps, messages.flowMods);
  requireRoundTrips([...messages.flowMods, ...messages.packetIns]);
  requireSameReading(messages.dumps);
  const all = codecWorks({ ...messages, flowMods: spreadOut(messages.flowMods, encodedLength) });
  const peer = osKen ? new OsKen() : undefined;
  try {
    const version = await requireSamePeer(peer, {
      flowMods: spreadOut(messages.flowMods, peerLength),
      dumps: spreadOut(messages.dumps, 3),
      packetIns: messages.packetIns,
    });
    for (const work of all) for (let warm = 0; warm < 3; warm++) cpuTime(work);
    for (let round = 0; round < rounds; round++) {
      for (const work of all) samples.add({ bench: 'codec', ...named(work), round, value: cpuTime(work), unit: 'ns' });
      for (const [metric, what] of Object.entries(peerWork)) {
        if (peer === undefined) continue;
        const value = await peer.time(what);
        samples.add({ bench: 'codec', metric, peer: 'os-ken', n: peerLength, round, value, unit: 'ns' });
      }
    }
    const cookies = all.find(({ peer }) => peer === 'damselfly, cookies');
    return figure(samples, messages.flowMods.length, version, cookies ? garbage(cookies) : NaN);
  } finally {
    await peer?.close();
  }
}

const named = ({ metric, peer, n }: Work) => ({ metric, peer, n });
const peerWork = { encode: 'build', dump: 'dump', packet_in: 'packet_in' } as const;

const atLeast = (ratio: number): Goal => ({ kind: 'at least', ratio });
/** 0.4 of the bound's speed. */
const nearBound: Goal = { kind: 'at most', ratio: 2.5 };
const messagesPerSecond = 1_000_000;
const subjects: readonly {
  metric: string;
  what: string;
  peers: readonly { peer: string; goal?: Goal; boundGoal?: Goal }[];
}[] = [
  {
    metric: 'encode',
    what: 'flow_mod from a value',
    peers: [{ peer: 'damselfly', goal: atLeast(100) }, { peer: 'damselfly, own bytes' }],
  },
  { metric: 'template', what: 'flow_mod by a template', peers: [{ peer: 'damselfly', boundGoal: nearBound }] },
  {
    metric: 'dump',
    what: 'flow of a dump',
    peers: [
      { peer: 'damselfly, cookies', goal: atLeast(100) },
      { peer: 'damselfly, undecoded', goal: atLeast(100) },
      { peer: 'damselfly, decoded' },
    ],
  },
  { metric: 'packet_in', what: 'packet_in, 60 and 1500 B', peers: [{ peer: 'damselfly' }] },
];

function subjectLines(samples: Samples, { metric, what, peers }: (typeof subjects)[number]): Line[] {
  const values = (peer: string) => samples.values('codec', metric, peer);
  const line = (peer: string) => ({ what, peer, value: valueText(spread(values(peer)), 'ns') });
  return [
    ...(metric in peerWork ? [{ ...line('os-ken'), ratios: [] }] : []),
    ...peers.map(({ peer, goal, boundGoal }) => ({
      ...line(peer),
      ratios: [
        {
          of: 'the bound',
          spread: ratios(values(peer), values('bound')),
          ...(boundGoal === undefined ? {} : { goal: boundGoal }),
        },
        ...(metric in peerWork
          ? [
              {
                of: 'faster than os-ken',
                spread: ratios(values('os-ken'), values(peer)),
                ...(goal === undefined ? {} : { goal }),
              },
            ]
          : []),
      ],
    })),
    { ...line('bound'), ratios: [] },
  ];
}

/** Messages per second, against the goal that is no ratio. */
function rateText(what: string, nanoseconds: readonly number[]): string {
  const rate = 1e9 / spread(nanoseconds).median;
  return `${short(rate)} ${what}/s, goal 1,000,000: ${rate >= messagesPerSecond ? 'met' : 'MISSED'}`;
}

function figure(samples: Samples, flowMods: number, version: string, cookieGarbage: number): Figure {
  const values = (metric: string, peer: string) => samples.values('codec', metric, peer);
  const control = difference(values('encode', 'damselfly'), values('encode', 'damselfly again'));
  return {
    bench: 'codec',
    title: `codec: CPU time per message, ${short(flowMods)} flow_mods as compile makes them; os-ken ${version}`,
    lines: subjects.flatMap((subject) => subjectLines(samples, subject)),
    notes: [
      `${rateText('flow_mods', values('encode', 'damselfly'))}; ${rateText('packet_ins', values('packet_in', 'damselfly'))}`,
      `garbage of a walk over the cookies of a dump: ${short(cookieGarbage)} bytes per flow`,
      'checked first: every message survives decoding and encoding byte for byte; Open vSwitch dumps exactly these flows, byte for byte; os-ken builds and reads the same values',
      'undecoded: table, priority, cookie and the bytes of match and instructions, as the difference with the wanted flows needs them; own bytes: not into a shared slab',
      'template: of one flow_mod of each port cookie, register and port are patched; from a value: 10,000 flow_mods spread over all',
      'bound: copying the encoded message into a slab; os-ken: classes and keyword arguments laid out beforehand, then build and serialize',
      controlNote(control),
    ],
  };
}
