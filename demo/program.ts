// The program under demonstration: the command line as a user types it, and one controller per chassis.
import type { ChildProcess } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { askAll } from '../src/controller/control.js';
import type { Chassis } from '../test/lab/chassis.js';
import { isRunning, run, start, stop, until } from '../test/lab/process.js';

/** The program itself. */
export const cliPath = fileURLToPath(new URL('../src/cli/program.js', import.meta.url));

/** Runs `damselfly` with these words against a NATS server; `input` is for `-f -`. */
export function damselfly(natsUrl: string, args: readonly string[], input = ''): Promise<string> {
  return run(process.execPath, [cliPath, ...args], { env: { NATS_URL: natsUrl }, input, timeoutMs: 60_000 });
}

/** A switch tries again 1, 2, 4 and then 8 s after its controller went. */
const restartMs = 30_000;

/** What each controller says of each of its bridges. */
const statusSchema = z.array(
  z.array(z.object({ waits_for: z.array(z.string()), flows: z.object({ waiting: z.number() }) })),
);

/** Where the controller of a chassis keeps its data and answers `damselfly status`. */
export const dataDir = (chassis: Chassis): string => join(chassis.ovs.dir, 'data');

/** How a controller of the demo is set up besides its addresses. */
export interface ControllerOptions {
  readonly natsUrl: string;
  /** False: others' changes to our flows are left as they are (for sabotage). */
  readonly repair: boolean;
}

/** The controller of one chassis, in that chassis' namespace. */
export class Controller {
  readonly #chassis: Chassis;
  readonly #configFile: string;
  readonly #logFile: string;
  #process: ChildProcess | undefined;

  constructor(chassis: Chassis, { natsUrl, repair }: ControllerOptions) {
    this.#chassis = chassis;
    this.#configFile = join(chassis.ovs.dir, 'damselfly.yaml');
    this.#logFile = join(chassis.ovs.dir, 'damselfly.log');
    const configuration = {
      listen: ['tcp:127.0.0.1:6653'],
      ovsdb: chassis.ovs.database,
      nats: natsUrl,
      encap_ip: chassis.tunnelIps,
      data_dir: dataDir(chassis),
      repair,
    };
    writeFileSync(this.#configFile, JSON.stringify(configuration));
  }

  /** What the controller has logged. */
  log(): string {
    return readFileSync(this.#logFile, 'utf8');
  }

  /** Starts the controller and waits until it knows everything and its switch holds all that it wants. */
  async start(): Promise<void> {
    const { netns, name } = this.#chassis;
    const child = start(process.execPath, [cliPath, 'controller', '--config', this.#configFile], this.#logFile, {
      netns,
    });
    this.#process = child;
    await until(
      `the controller of ${name} has its switch as it wants it`,
      async () => {
        if (!isRunning(child)) throw new Error(`the controller of ${name} ended; it said:\n${this.log()}`);
        const answers = await askAll(dataDir(this.#chassis), { ask: 'status' });
        const bridges = statusSchema.parse(answers).flat();
        return bridges.length > 0 && bridges.every(({ waits_for, flows }) => waits_for.length + flows.waiting === 0);
      },
      restartMs,
    );
  }

  /** SIGKILL, as power that fails; returns when it is gone. */
  async kill(): Promise<void> {
    if (this.#process) await stop(this.#process, 'SIGKILL');
  }
}
