// Frames in and out of any interface of the lab: one Python process holds the packet sockets, this is its other end.
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Endpoint } from './netns.js';

/** A frame as an interface saw it: `in` came from the cable, `out` was sent by this side. */
export interface SeenFrame {
  readonly direction: 'in' | 'out';
  readonly time: bigint;
  readonly frame: Buffer;
}

/** One interface listened to; frames gather until they are taken. */
export class Tap {
  readonly name: string;
  readonly #seen: SeenFrame[] = [];
  readonly #command: (line: string) => void;

  constructor(name: string, command: (line: string) => void) {
    this.name = name;
    this.#command = command;
  }

  /** Sends a frame from this interface into its cable. */
  send(frame: Uint8Array): void {
    this.#command(`send ${this.name} ${Buffer.from(frame).toString('hex')}`);
  }

  /** What was seen so far, oldest first. */
  get seen(): readonly SeenFrame[] {
    return this.#seen;
  }

  /** Takes in one captured frame; the oldest go when nobody takes them out. */
  note(frame: SeenFrame): void {
    this.#seen.push(frame);
    if (this.#seen.length > maxGathered) this.#seen.splice(0, maxGathered / 2);
  }

  /** Forgets what was seen. */
  clear(): void {
    this.#seen.length = 0;
  }
}

const maxGathered = 100_000;
// The script is not compiled: seen from dist/test/lab it lies in the sources.
const script = fileURLToPath(new URL('../../../test/lab/frames.py', import.meta.url));

/** All taps of one test or demo. */
export class Wire {
  readonly #agent: ChildProcessWithoutNullStreams;
  readonly #taps = new Map<string, Tap>();
  readonly #waiting = new Map<string, { resolve: () => void; reject: (error: Error) => void }>();
  #count = 0;
  #lastErrors = '';
  #failedSends: string[] = [];

  constructor() {
    this.#agent = spawn('setpriv', ['--pdeathsig', 'KILL', 'python3', script], { stdio: ['pipe', 'pipe', 'pipe'] });
    this.#agent.stderr.setEncoding('utf8').on('data', (text: string) => (this.#lastErrors = text));
    this.#agent.stdin.on('error', () => undefined);
    this.#agent.once('close', () => {
      for (const { reject } of this.#waiting.values()) reject(new Error(`frames.py ended: ${this.#lastErrors}`));
      this.#waiting.clear();
    });
    createInterface({ input: this.#agent.stdout }).on('line', (line) => {
      this.#read(line);
    });
  }

  #read(line: string): void {
    const [kind = '', name = '', ...rest] = line.split(' ');
    if (kind === 'frame') {
      const [direction, time, hex] = rest;
      const frame = Buffer.from(hex ?? '', 'hex');
      this.#taps.get(name)?.note({ direction: direction === 'out' ? 'out' : 'in', time: BigInt(time ?? 0), frame });
      return;
    }
    const waiting = this.#waiting.get(name);
    this.#waiting.delete(name);
    if (kind === 'error' && waiting === undefined) this.#failedSends.push(`${name}: ${rest.join(' ')}`);
    else if (kind === 'error') waiting?.reject(new Error(`tap ${name}: ${rest.join(' ')}`));
    else waiting?.resolve();
  }

  #command(line: string): void {
    this.#agent.stdin.write(`${line}\n`);
  }

  #ask(line: string, name: string): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.set(name, { resolve, reject });
      this.#command(line);
    });
  }

  /** Listens on an interface, under a name without spaces; listening twice gives the same tap. */
  async tap({ netns, device }: Endpoint): Promise<Tap> {
    const name = `${netns ?? ''}/${device}`;
    const known = this.#taps.get(name);
    if (known !== undefined) return known;
    const tap = new Tap(name, (line) => {
      this.#command(line);
    });
    this.#taps.set(name, tap);
    try {
      await this.#ask(`tap ${name} ${netns ?? '-'} ${device}`, name);
    } catch (error) {
      this.#taps.delete(name);
      throw error;
    }
    return tap;
  }

  /** Stops listening on an interface that is about to go, or to be made anew. */
  async untap({ netns, device }: Endpoint): Promise<void> {
    const name = `${netns ?? ''}/${device}`;
    if (this.#taps.delete(name)) this.#command(`untap ${name}`);
    await this.sync();
  }

  /** Returns when everything that the kernel has received until now is in the taps; throws if a send failed. */
  async sync(): Promise<void> {
    this.#count += 1;
    await this.#ask(`sync s${this.#count}`, `s${this.#count}`);
    const failed = this.#failedSends.splice(0);
    if (failed.length > 0) throw new Error(`frames could not be sent: ${failed.join('; ')}`);
  }

  /** Ends the Python process. */
  close(): void {
    this.#agent.kill('SIGKILL');
  }
}
