// Frames that go through the switch all the time, each with a number of its own, and the question which of them did not come out.
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { GrowingPcap } from '../lab/pcap.js';
import { until } from '../lab/process.js';
import type { Unixctl } from '../lab/unixctl.js';

/** How often a frame goes each way, in milliseconds. */
const intervalMs = 10;
/**
 * So many of each way may be under way; then frames go slowly. While its database is away, ovs-vswitchd takes frames of dummy
 * interfaces and does nothing with them, and of what waits at one interface it keeps no more than 100.
 */
const underWayLength = 20;
const slowMs = 300;
/** So long may a frame take through the switch on a busy machine, until another is tried, and until none is. */
const againMs = 5000;
const outMs = 20_000;
const mark = Buffer.from('damselfly-fault');

/** A way through the switch: frames that go in at one interface and must come out at another. */
export interface Way {
  readonly name: string;
  readonly into: string;
  readonly outOf: string;
  readonly frame: (payload: Uint8Array) => Buffer;
}

/** What became of frames: how many the switch took, and how many of them did not come out, by the name of their way. */
export interface Losses {
  readonly sent: number;
  readonly lost: ReadonlyMap<string, number>;
}

/** The stream: one frame after the other on each way, while the switch takes them. */
export class Stream {
  readonly #lanes: readonly Lane[];
  #isOver = false;
  /** Nothing is sent while frames are counted. */
  #isHeld = false;
  #underWay: Promise<unknown> = Promise.resolve();

  constructor(ways: readonly Way[], dir: string, control: Unixctl) {
    const captures = new Map(ways.map(({ outOf }) => [outOf, new Capture(join(dir, `${outOf}.pcap`))]));
    this.#lanes = ways.map((way, index) => new Lane(way, index, captures, control));
  }

  /** What an interface's `options` must say, so that its frames are seen. */
  capture(name: string): string[] {
    const lane = this.#lanes.find(({ way }) => way.outOf === name);
    return lane === undefined ? [] : [`options:tx_pcap=${lane.capture.path}`];
  }

  /** Sends until it is stopped. */
  async run(): Promise<void> {
    let nextMs = 0;
    while (!this.#isOver) {
      await delay(intervalMs);
      if (this.#isHeld || performance.now() < nextMs) continue;
      if (this.#lanes.some((lane) => lane.isFull)) nextMs = performance.now() + slowMs;
      this.#underWay = Promise.all(this.#lanes.map((lane) => lane.send()));
      await this.#underWay;
    }
  }

  /** Ends the stream. */
  stop(): void {
    this.#isOver = true;
  }

  /**
   * The frames since this was asked last. The switch keeps their order: when a last one has come out on a way, those before it
   * that have not are lost. So the switch has to be right at this time.
   */
  async losses(): Promise<Losses> {
    this.#isHeld = true;
    await this.#underWay;
    const counts = await Promise.all(this.#lanes.map((lane) => lane.count()));
    this.#isHeld = false;
    const sent = counts.reduce((sum, count) => sum + count.sent, 0);
    return { sent, lost: new Map(counts.filter(({ lost }) => lost > 0).map(({ name, lost }) => [name, lost])) };
  }
}

/** What came out of one interface. */
class Capture {
  readonly path: string;
  readonly #file: GrowingPcap;
  readonly #seen = new Set<string>();

  constructor(path: string) {
    this.path = path;
    this.#file = new GrowingPcap(path);
  }

  /** What the frames of ours say that have come out. */
  get seen(): Set<string> {
    for (const frame of this.#file.next()) {
      const at = frame.indexOf(mark);
      if (at >= 0) this.#seen.add(frame.toString('hex', at + mark.length, at + mark.length + 5));
    }
    return this.#seen;
  }
}

/** One way with its frames. */
class Lane {
  readonly way: Way;
  readonly capture: Capture;
  readonly #index: number;
  readonly #control: Unixctl;
  /** The frames that the switch took since they were counted last. */
  #taken: string[] = [];
  #number = 0;

  constructor(way: Way, index: number, captures: ReadonlyMap<string, Capture>, control: Unixctl) {
    const capture = captures.get(way.outOf);
    if (capture === undefined) throw new Error(`nothing is captured at ${way.outOf}`);
    this.way = way;
    this.capture = capture;
    this.#index = index;
    this.#control = control;
  }

  /** Whether so many of the newest frames have not come out. */
  get isFull(): boolean {
    const newest = this.#taken.slice(-underWayLength);
    return newest.length === underWayLength && !newest.some((id) => this.capture.seen.has(id));
  }

  /** Sends one frame, and counts it if the switch takes it; resolves to what it says. */
  async send(): Promise<string> {
    const said = Buffer.alloc(5);
    said.writeUInt8(this.#index);
    said.writeUInt32BE(++this.#number, 1);
    const frame = this.way.frame(Buffer.concat([mark, said])).toString('hex');
    const id = said.toString('hex');
    if (await this.#control.run('netdev-dummy/receive', this.way.into, frame)) this.#taken.push(id);
    return id;
  }

  /** Sends a last one, waits until it comes out, and counts. */
  async count(): Promise<{ name: string; sent: number; lost: number }> {
    const isOut = async (): Promise<boolean> => {
      const id = await this.send();
      return until('it came out', () => this.capture.seen.has(id), againMs).catch(() => false);
    };
    await until('a frame comes out', isOut, outMs).catch(() => undefined); // then they are all lost
    const { seen } = this.capture;
    const sent = this.#taken.length;
    const lost = this.#taken.filter((id) => !seen.has(id)).length;
    this.#taken = [];
    return { name: this.way.name, sent, lost };
  }
}
