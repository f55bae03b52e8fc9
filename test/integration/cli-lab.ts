// The compiled command line as child processes, a private nats-server, and a chassis that answers through the real status writer.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Test } from 'tap';
import { type Ref, refOf, tenantOf } from '../../src/model/ids.js';
import { objectName } from '../../src/model/parse.js';
import type { Store } from '../../src/sync/buckets.js';
import { Northbound } from '../../src/sync/northbound.js';
import { type State, StatusWriter } from '../../src/sync/status.js';
import { makeWorkDirectory, removeWorkDirectory } from '../lab/work-directory.js';

const program = fileURLToPath(new URL('../../src/cli/program.js', import.meta.url));

/** Two tenants and a controller, each with a login: what `nb accounts` reads. */
export const parties = `
operator: {user: op, password: o}
tenants:
  - {tenant: red, user: red, password: r}
  - {tenant: blue, user: blue, password: b}
controllers:
  - {name: host1, chassis: [c1], user: host1, password: h}
`;

/** What came of a command. */
export interface Ran {
  readonly status: number | null;
  readonly out: string;
  readonly err: string;
}

/** A folder for files, and what runs commands there; `env` goes on top of an environment without our own variables. */
export class Shell {
  readonly dir = makeWorkDirectory();
  readonly #env: Readonly<Record<string, string>>;

  readonly #children = new Set<ChildProcess>();

  constructor(t: Test, env: Readonly<Record<string, string>>) {
    this.#env = { PATH: process.env.PATH ?? '', TZ: 'UTC', DAMSELFLY_DATA_DIR: this.dir, ...env };
    t.teardown(() => {
      for (const child of this.#children) child.kill('SIGKILL');
      removeWorkDirectory(this.dir);
    });
  }

  /** Writes a file and returns its path. */
  file(name: string, text: string): string {
    const path = join(this.dir, name);
    writeFileSync(path, text);
    return path;
  }

  /** Starts a command; its output is collected while it runs. */
  start(...args: readonly string[]) {
    const child = spawn(process.execPath, [program, ...args], { env: this.#env, cwd: this.dir });
    this.#children.add(child);
    child.once('exit', () => this.#children.delete(child));
    const said = { out: '', err: '' };
    child.stdout.setEncoding('utf8').on('data', (text: string) => (said.out += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (said.err += text));
    const ended: Promise<Ran> = once(child, 'close').then(([status]) => ({ ...said, status: status as number | null }));
    return { child, said, ended };
  }

  /** Runs a command to its end. */
  run(...args: readonly string[]): Promise<Ran> {
    return this.start(...args).ended;
  }

  /** Runs a command with something on its standard input. */
  async pipe(input: string, ...args: readonly string[]): Promise<Ran> {
    const { child, ended } = this.start(...args);
    child.stdin.end(input);
    return ended;
  }
}

/** How a chassis that is played here answers. */
export interface Manner {
  /** What it says of an object; undefined: it is none of its business. By default every lport is ACTIVE. */
  readonly says?: (name: string) => { readonly state: State; readonly reason?: string } | undefined;
  /** After so long every object of which it says DOWN is ACTIVE, in milliseconds. */
  readonly wakesMs?: number;
  /** Flows that it claims to have added for each object. */
  readonly added?: number;
  /** It sees everything and never acknowledges it. */
  readonly isMute?: boolean;
}

/** A chassis that watches tenants and answers as ours do, without a switch. */
export function playChassis(
  t: Test,
  store: Store,
  chassis: string,
  tenants: readonly string[],
  manner: Manner = {},
): void {
  const northbound = new Northbound(store);
  const writer = new StatusWriter(store, { chassis, pauseMs: 5 });
  t.teardown(() => {
    northbound.close();
    writer.close();
  });
  const recent = new Map<string, object[]>();
  const says = manner.says ?? ((name) => (name.startsWith('lport ') ? { state: 'ACTIVE' as const } : undefined));
  const acknowledge = (ref: Ref, revision: number, added: number, removed: number) => {
    if (manner.isMute === true) return;
    const tenant = tenantOf(ref);
    const done = [...(recent.get(tenant) ?? []), { revision, added, removed, tookMs: 0.8 }];
    recent.set(tenant, done);
    writer.set('chassis', refOf(tenant, chassis), { state: 'ACTIVE', revision, ...{ recent: done } });
  };
  const ignore = () => undefined;
  const sink = {
    object: ({ kind, ref, revision }: { kind: string; ref: Ref; revision: number }) => {
      const status = says(objectName(kind, ref));
      if (status !== undefined && manner.isMute !== true) writer.set(kind, ref, { ...status, revision });
      if (status?.state === 'DOWN' && manner.wakesMs !== undefined)
        setTimeout(() => {
          writer.set(kind, ref, { state: 'ACTIVE', revision });
        }, manner.wakesMs);
      acknowledge(ref, revision, manner.added ?? 1, 0);
    },
    gone: (kind: string, ref: Ref, revision: number) => {
      writer.clear(kind, ref);
      acknowledge(ref, revision, 0, manner.added ?? 1);
    },
    refused: ignore,
    stray: ignore,
    allocated: ignore,
    addressed: ignore,
    claimed: ignore,
    settled: ignore,
    withheld: ignore,
    held: ignore,
    released: ignore,
    unreadable: ignore,
  };
  for (const tenant of tenants) {
    // What a chassis says first of a tenant that it has only just begun to watch.
    writer.set('chassis', refOf(tenant, chassis), { state: 'ACTIVE', revision: 0, ...{ recent: [] } });
    northbound.watch(tenant, sink);
  }
}
