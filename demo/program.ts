// The program under demonstration: the command line as a user types it, and one controller per chassis.
import type { ChildProcess } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Chassis } from '../test/lab/chassis.js';
import { isRunning, run, start, stop, until } from '../test/lab/process.js';

const cli = fileURLToPath(new URL('../src/cli/damselfly.js', import.meta.url));

/** Runs `damselfly` with these words against a NATS server; `input` is for `-f -`. */
export function damselfly(natsUrl: string, args: readonly string[], input = ''): Promise<string> {
  return run(process.execPath, [cli, ...args], { env: { NATS_URL: natsUrl }, input, timeoutMs: 60_000 });
}

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
      encap_ip: [chassis.tunnelIp],
      data_dir: join(chassis.ovs.dir, 'data'),
      repair,
    };
    writeFileSync(this.#configFile, JSON.stringify(configuration));
  }

  /** What the controller has logged. */
  log(): string {
    return readFileSync(this.#logFile, 'utf8');
  }

  /** Starts the controller and waits until the bridge is connected to it. */
  async start(): Promise<void> {
    const { netns, ovs, name } = this.#chassis;
    const child = start(process.execPath, [cli, 'controller', '--config', this.#configFile], this.#logFile, { netns });
    this.#process = child;
    await until(`br-int of ${name} is connected`, async () => {
      if (!isRunning(child)) throw new Error(`the controller of ${name} ended; it said:\n${this.log()}`);
      return (await ovs.vsctl('get', 'Controller', 'br-int', 'is_connected')).trim() === 'true';
    });
  }

  /** SIGKILL, as power that fails; returns when it is gone. */
  async kill(): Promise<void> {
    if (this.#process) await stop(this.#process, 'SIGKILL');
  }
}
