// One chassis of this process in the northbound over NATS: its claims, its statuses, its heartbeat and its registration.
import type { Logger } from 'pino';
import { operator, type Ref, refOf } from '../model/ids.js';
import type { Kind, TunnelType } from '../model/kinds.js';
import type { Store } from '../sync/buckets.js';
import { Claims } from '../sync/claims.js';
import { Heartbeat } from '../sync/heartbeat.js';
import type { Liveness } from '../sync/liveness.js';
import { Registration } from '../sync/registration.js';
import { StatusWriter } from '../sync/status.js';
import type { CommitReport } from './installer.js';
import type { NorthboundMember } from './northbound-service.js';
import type { Status } from './reporter.js';

/** How many commits of a tenant are remembered for those who wait for one. */
const recentLength = 32;
/** How long acknowledgements of the operator's tenant are gathered into one heartbeat, in milliseconds. */
const beatMs = 50;

/** What one chassis says in the northbound: claims, statuses, that it lives and where its tunnels end. */
export class NatsMember implements NorthboundMember {
  readonly claims: Claims;
  readonly #store: Store;
  readonly #chassis: string;
  readonly #log: Logger;
  readonly #resigned: () => void;
  readonly #status: StatusWriter;
  readonly #recent = new Map<
    string,
    { readonly revision: number; readonly added: number; readonly removed: number; readonly tookMs: number }[]
  >();
  #heartbeat: Heartbeat | undefined;
  #registration: Registration | undefined;
  /** What the switch has of the operator's own tenant. */
  #ofOperator: { readonly revision: number; readonly recent: readonly unknown[] } | undefined;
  #beat: ReturnType<typeof setTimeout> | undefined;

  #beaten: ((text: string, isNews: boolean) => void) | undefined;

  constructor(store: Store, liveness: Liveness, chassis: string, log: Logger, resigned: () => void) {
    this.#store = store;
    this.#chassis = chassis;
    this.#resigned = resigned;
    this.#log = log.child({ chassis });
    const unwritten = (error: Error): void => {
      this.#log.warn({ reason: error.message }, 'statuses cannot be written at present');
    };
    const beaten = (text: string, isNews: boolean): void => {
      this.#beaten?.(text, isNews);
    };
    this.#status = new StatusWriter(store, { chassis, failed: unwritten, beaten });
    this.claims = new Claims(
      store,
      liveness,
      { chassis },
      {
        won: (port) => {
          this.#log.info(`claimed lport ${port}`);
        },
        lost: (port, holder) => {
          this.#log.warn(
            { holder },
            `lport ${port} is on chassis ${holder} already; it is not served here while that lasts`,
          );
        },
        failed: (port, error) => {
          this.#log.warn({ reason: error.message }, `lport ${port} cannot be claimed at present`);
        },
      },
    );
  }

  claim(port: Ref, isOurs: boolean): void {
    this.claims.want(port, isOurs);
  }

  release(port: Ref): void {
    this.claims.unwant(port);
  }

  status(kind: Kind, ref: Ref, status: Status | undefined): void {
    if (status === undefined) this.#status.clear(kind, ref);
    else this.#status.set(kind, ref, status);
  }

  since(kind: Kind, ref: Ref): string | undefined {
    return this.#status.since(kind, ref);
  }

  acknowledged(tenant: string, revision: number, { added, changed, removed, tookMs }: CommitReport): void {
    const commit = { revision, added: added + changed, removed, tookMs: Math.round(tookMs * 100) / 100 };
    const recent = [...(this.#recent.get(tenant) ?? []), commit].slice(-recentLength);
    this.#recent.set(tenant, recent);
    const summary: Status & { readonly recent: readonly unknown[] } = { state: 'ACTIVE', revision, recent };
    // Of the operator's own tenant the chassis speaks in its heartbeat, which has that key.
    if (tenant === operator) {
      this.#ofOperator = { revision, recent };
      this.#beat ??= setTimeout(() => {
        this.#beat = undefined;
        void this.#heartbeat?.beat();
      }, beatMs);
    } else this.#status.set('chassis', refOf(tenant, this.#chassis), summary);
  }

  forget(tenant: string): void {
    this.#recent.delete(tenant);
    this.#status.clear('chassis', refOf(tenant, this.#chassis));
  }

  whole(): void {
    this.#status.sweep();
  }

  register(
    value: { readonly ips: readonly string[]; readonly tunnel_types: readonly TunnelType[]; readonly version: string },
    status: () => object,
    beaten: (text: string, isNews: boolean) => void,
  ): void {
    this.#beaten = beaten;
    this.#heartbeat?.close();
    this.#heartbeat = new Heartbeat(this.#store, {
      chassis: this.#chassis,
      status: () => ({ ...status(), ...this.#ofOperator }),
    });
    this.#registration?.close();
    const { ips, tunnel_types, version } = value;
    const own = { ips: [...ips], tunnel_types: [...tunnel_types], version };
    this.#registration = new Registration(this.#store, this.#chassis, own, (error) => {
      this.#log.warn({ err: error }, 'this chassis cannot be registered at present; trying again');
    });
  }

  resign(): void {
    this.#end();
    this.#status.close();
    this.#resigned();
  }

  async close(): Promise<void> {
    this.#end();
    await this.#status.flush();
    this.#status.close();
  }

  #end(): void {
    this.#beaten = undefined;
    this.claims.close();
    clearTimeout(this.#beat);
    this.#heartbeat?.close();
    this.#registration?.close();
  }
}
