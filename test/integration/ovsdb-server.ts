// A private ovsdb-server, with a switch beside it where asked for, for what the lab's whole Open vSwitch does not show:
// servers that die and freeze, other schemas, and tunnels that really fail (the lab's dummy replaces them).
import type { ChildProcess } from 'node:child_process';
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { run, start, stop, until } from '../lab/process.js';
import { makeWorkDirectory, removeWorkDirectory } from '../lab/work-directory.js';

const vswitchSchema = '/usr/share/openvswitch/vswitch.ovsschema';

/** A database with its server. */
export class PrivateDatabase {
  readonly dir = makeWorkDirectory();
  readonly #socket = join(this.dir, 'db.sock');
  readonly address = `unix:${this.#socket}`;
  #server: ChildProcess | undefined;
  #switch: ChildProcess | undefined;
  #name = 'Open_vSwitch';

  /** Creates the database, Open_vSwitch unless another schema is given, and starts its server. */
  static async start(schema?: { readonly name: string }): Promise<PrivateDatabase> {
    const made = new PrivateDatabase();
    try {
      await made.#create(schema);
      await made.startServer();
      return made;
    } catch (error) {
      await made.close();
      throw error;
    }
  }

  async #create(schema: { readonly name: string } | undefined): Promise<void> {
    const file = schema ? join(this.dir, 'schema') : vswitchSchema;
    if (schema) {
      this.#name = schema.name;
      writeFileSync(file, JSON.stringify(schema));
    }
    await run('ovsdb-tool', ['create', join(this.dir, 'conf.db'), file]);
  }

  /** Starts the server, again after `killServer`; `words` are further options. */
  async startServer(...words: readonly string[]): Promise<void> {
    this.#server = this.#launch('ovsdb-server', [join(this.dir, 'conf.db'), `--remote=p${this.address}`, ...words]);
    // ovsdb-client sleeps a second before it tries again, so it is asked when there is somebody to answer.
    await until('ovsdb-server listens', () => existsSync(this.#socket));
    await until('ovsdb-server answers', () =>
      run('ovsdb-client', ['wait', this.address, this.#name, 'connected']).then(
        () => true,
        () => false,
      ),
    );
  }

  /** Ends the server as a crash does. */
  async killServer(): Promise<void> {
    if (this.#server) await stop(this.#server, 'SIGKILL');
    rmSync(this.#socket, { force: true });
  }

  /** SIGSTOP: connections are accepted by the kernel, nothing is answered. */
  freezeServer(): void {
    this.#server?.kill('SIGSTOP');
  }

  /** SIGCONT after `freezeServer`. */
  thawServer(): void {
    this.#server?.kill('SIGCONT');
  }

  /** Starts a switch without packets and without any privilege, whose tunnels are real ones. */
  async startSwitch(): Promise<void> {
    await this.vsctl('--no-wait', 'init', '--', 'set', 'Open_vSwitch', '.', 'external_ids:system-id=host-a');
    const words = ['--enable-dummy=system', '--disable-system', '--disable-system-route'];
    this.#switch = this.#launch('ovs-vswitchd', [this.address, ...words]);
    await until('ovs-vswitchd has applied the configuration', async () => {
      const numbers = await this.vsctl('get', 'Open_vSwitch', '.', 'cur_cfg', 'datapath_types');
      return numbers.includes('netdev');
    });
  }

  /** SIGSTOP: the database is written, and nobody acts on it. */
  freezeSwitch(): void {
    this.#switch?.kill('SIGSTOP');
  }

  /** SIGCONT after `freezeSwitch`. */
  thawSwitch(): void {
    this.#switch?.kill('SIGCONT');
  }

  /** `ovs-vsctl`, without its line end. */
  async vsctl(...args: readonly string[]): Promise<string> {
    return (await run('ovs-vsctl', [`--db=${this.address}`, '--timeout=10', ...args])).trimEnd();
  }

  /** Ends everything and removes the folder. */
  async close(): Promise<void> {
    for (const child of [this.#switch, this.#server]) if (child) await stop(child, 'SIGKILL');
    removeWorkDirectory(this.dir);
  }

  #launch(program: string, args: readonly string[]): ChildProcess {
    const env = { OVS_RUNDIR: this.dir, OVS_LOGDIR: this.dir, OVS_DBDIR: this.dir };
    return start(program, [...args, '-vsyslog:off', '-vconsole:off'], join(this.dir, 'output.log'), { env });
  }
}
