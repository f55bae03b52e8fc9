// A private nats-server with JetStream, in a temporary folder, on a free port that it keeps when it is killed and started again.
import type { ChildProcess } from 'node:child_process';
import { connect as connectTcp } from 'node:net';
import { existsSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isRunning, start, stop, until } from './process.js';
import { makeWorkDirectory, removeWorkDirectory } from './work-directory.js';

/** A user with what it may publish and subscribe to; nothing said means everything. */
export interface NatsUser {
  readonly user: string;
  readonly password: string;
  readonly publish?: readonly string[];
  readonly subscribe?: readonly string[];
}

/** `host` is 127.0.0.1 unless said otherwise; `settings` are further keys of the server's configuration. */
export interface NatsOptions {
  readonly users?: readonly NatsUser[];
  readonly host?: string;
  readonly netns?: string;
  readonly jetstream?: boolean;
  readonly settings?: Readonly<Record<string, unknown>>;
}

function permissions({ publish, subscribe }: NatsUser): Record<string, unknown> {
  return {
    ...(publish === undefined ? {} : { publish: { allow: publish } }),
    ...(subscribe === undefined ? {} : { subscribe: { allow: subscribe } }),
  };
}

/** Whether a NATS server greets on that address within 200 ms. */
function greets(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connectTcp({ host, port });
    const end = (answer: boolean) => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(200, () => {
      end(false);
    });
    socket.once('error', () => {
      end(false);
    });
    socket.once('data', (data) => {
      end(data.toString('latin1').startsWith('INFO '));
    });
  });
}

/** One running nats-server; `close` ends it and removes its folder and its store. */
export class NatsServer {
  readonly dir = makeWorkDirectory();
  readonly #options: NatsOptions;
  #port = -1;
  #child: ChildProcess | undefined;

  private constructor(options: NatsOptions) {
    this.#options = options;
  }

  /** Starts a server and waits until it greets. */
  static async start(options: NatsOptions = {}): Promise<NatsServer> {
    const server = new NatsServer(options);
    try {
      await server.start();
      return server;
    } catch (error) {
      const said = server.log();
      await server.close();
      throw new Error(`nats-server did not start; it said:\n${said}`, { cause: error });
    }
  }

  get port(): number {
    return this.#port;
  }

  /** The server's address, with a user's name and password where given (the NATS client itself does not read these). */
  url(user?: string): string {
    const login = user === undefined ? undefined : this.login(user);
    return `nats://${login === undefined ? '' : `${login.user}:${login.pass}@`}${this.#reachableHost}:${this.#port}`;
  }

  /** Options with which the NATS client connects as that user. */
  login(user: string): { servers: string; user: string; pass: string } {
    const found = this.#options.users?.find((entry) => entry.user === user);
    if (found === undefined) throw new Error(`no such user: ${user}`);
    return { servers: this.url(), user: found.user, pass: found.password };
  }

  /** What the server has logged. */
  log(): string {
    const path = join(this.dir, 'nats.log');
    return existsSync(path) ? readFileSync(path, 'utf8') : '';
  }

  get #reachableHost(): string {
    const host = this.#options.host ?? '127.0.0.1';
    return host === '0.0.0.0' ? '127.0.0.1' : host;
  }

  #configuration(): string {
    const { users, host = '127.0.0.1', jetstream = true, settings = {} } = this.#options;
    const list = users?.map((entry) => ({
      user: entry.user,
      password: entry.password,
      permissions: permissions(entry),
    }));
    return JSON.stringify({
      host,
      port: this.#port,
      ports_file_dir: this.dir,
      ...(jetstream ? { jetstream: { store_dir: join(this.dir, 'store') } } : {}),
      ...(list === undefined ? {} : { authorization: { users: list } }),
      ...settings,
    });
  }

  #portsFile(): string | undefined {
    const name = readdirSync(this.dir).find((entry) => entry.endsWith('.ports'));
    return name === undefined ? undefined : join(this.dir, name);
  }

  /** Starts the server, again after `stop`, on the same port and the same store. */
  async start(): Promise<void> {
    const stale = this.#portsFile();
    if (stale !== undefined) rmSync(stale);
    const file = join(this.dir, 'nats.conf');
    writeFileSync(file, this.#configuration());
    const child = start('nats-server', ['-c', file], join(this.dir, 'nats.log'), { netns: this.#options.netns });
    this.#child = child;
    const url = await until('nats-server names its port', () => {
      if (!isRunning(child)) throw new Error('nats-server ended at once');
      const path = this.#portsFile();
      return path === undefined ? undefined : /"nats":\s*\[\s*"([^"]+)"/.exec(readFileSync(path, 'utf8'))?.[1];
    });
    this.#port = Number(new URL(url).port);
    if (this.#options.netns === undefined) {
      await until('nats-server greets', () => greets(this.#reachableHost, this.#port));
    }
  }

  /** Ends the server, with SIGKILL if asked; the store stays. */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    if (this.#child) await stop(this.#child, signal);
  }

  /** SIGSTOP: it stays as it is, mute. */
  freeze(): void {
    this.#child?.kill('SIGSTOP');
  }

  /** SIGCONT after `freeze`. */
  thaw(): void {
    this.#child?.kill('SIGCONT');
  }

  /** Removes everything stored; only while the server is stopped. */
  eraseStore(): void {
    rmSync(join(this.dir, 'store'), { recursive: true, force: true });
  }

  /** Ends the server and removes its folder. Safe to call twice. */
  async close(): Promise<void> {
    await this.stop('SIGKILL');
    removeWorkDirectory(this.dir);
  }
}
