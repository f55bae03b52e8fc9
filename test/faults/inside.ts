// The inside of a controller's process: how much memory is in use after a collection, what keeps its event loop, its wall clock.
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Probed } from '../../bench/probe.js';
import { type ControllerProcess, patienceMs, type Runtime } from '../integration/controller-lab.js';
import { until } from '../lab/process.js';

const preloaded = [new URL('clock.js', import.meta.url), new URL('../../bench/probe.js', import.meta.url)];

/** What a controller can be asked that was started with this `runtime`. */
export class Inside {
  readonly runtime: Runtime;
  readonly #answer: string;
  readonly #clock: string;

  /** The folder is where it and the controller meet. */
  constructor(dir: string) {
    this.#answer = join(dir, 'probed.json');
    this.#clock = join(dir, 'clock');
    this.runtime = {
      flags: ['--expose-gc', ...preloaded.flatMap(({ href }) => ['--import', href])],
      env: { DAMSELFLY_BENCH_PROBE: this.#answer, DAMSELFLY_FAULTS_CLOCK: this.#clock },
    };
  }

  /** What the probe in a controller that has come to speak says. */
  async ask(controller: ControllerProcess): Promise<Probed> {
    rmSync(this.#answer, { force: true });
    controller.signal('SIGUSR2');
    return until('the probe in the controller answers', () => this.#read(), patienceMs);
  }

  /** Sets a controller's wall clock so far off the machine's, in milliseconds; those that are started later begin with the right time. */
  async setClock(controller: ControllerProcess, offMs: number): Promise<void> {
    writeFileSync(this.#clock, String(offMs));
    await this.ask(controller);
    rmSync(this.#clock);
  }

  #read(): Probed | undefined {
    const text = existsSync(this.#answer) ? readFileSync(this.#answer, 'utf8') : '';
    return text.endsWith('}') ? (JSON.parse(text) as Probed) : undefined; // our own probe wrote it, all of it
  }
}
