// os-ken as a peer: one Python process that is told what to do, so that its rounds and ours take turns.
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';

// The script is not compiled: seen from dist/bench it lies in the sources.
const script = fileURLToPath(new URL('../../bench/os_ken_peer.py', import.meta.url));
/** Debian's packages are for Debian's Python, whatever else is first in PATH. */
const python = '/usr/bin/python3';

const loaded = z.object({
  version: z.string(),
  built: z.array(z.string()),
  flows: z.array(z.tuple([z.number(), z.number(), z.string()])),
  packets: z.array(z.tuple([z.number(), z.string()])),
});
const timing = z.object({ ns: z.number(), n: z.number() });

/** The messages of a comparison, as hex. */
export interface PeerMessages {
  readonly flow_mods: readonly string[];
  readonly dumps: readonly string[];
  readonly packet_ins: readonly string[];
}

/** A running os-ken. */
export class OsKen {
  readonly #child: ChildProcessByStdio<Writable, Readable, Readable>;
  readonly #answers: AsyncIterator<string, undefined>;
  #said = '';

  constructor() {
    if (!existsSync(python)) throw new Error(`${python} is missing: ${remedy}`);
    this.#child = spawn('setpriv', ['--pdeathsig', 'KILL', python, script], { stdio: ['pipe', 'pipe', 'pipe'] });
    this.#child.stdin.on('error', () => undefined); // why it ended is on its standard error
    this.#child.stderr.setEncoding('utf8').on('data', (text: string) => (this.#said = text));
    this.#answers = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]();
  }

  /** Gives it the messages; resolves to what it made and read of them, for the correctness gate. */
  async load(messages: PeerMessages): Promise<z.output<typeof loaded>> {
    return loaded.parse(await this.#ask({ do: 'load', ...messages }));
  }

  /** Nanoseconds per message of one round. */
  async time(what: 'build' | 'dump' | 'packet_in'): Promise<number> {
    return timing.parse(await this.#ask({ do: what })).ns;
  }

  /** Ends it. */
  async close(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const ended = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await ended;
  }

  async #ask(request: unknown): Promise<unknown> {
    this.#child.stdin.write(`${JSON.stringify(request)}\n`);
    const { value, done } = await this.#answers.next();
    if (done === true) throw new Error(`os-ken does not run (${remedy}): ${this.#said.trim()}`);
    return JSON.parse(value);
  }
}

const remedy = 'apt-get install python3-os-ken';
