// One tenant: its two watches (objects; allocations, claims and addresses), what they said, and whether that can be believed.
import { setTimeout, clearTimeout } from 'node:timers';
import type { Bucket, Entry } from './bucket.js';
import type { Store } from './buckets.js';
import { Damper } from './damper.js';
import type { SyncError } from './errors.js';
import { tenantAllocFilter, tenantFilter } from './keys.js';
import { type Loss, Mirror, type MirrorEvents, type Reader } from './mirror.js';
import { type AllocRecord, type NbRecord, allocReader, nbReader } from './records.js';
import type { HeldBack, NorthboundSink } from './sink.js';
import { Watch } from './watch.js';

/** How long after a change a doubtful snapshot is looked at again. */
const reviewMs = 100;

/** Calls something on everybody who wants this tenant. */
export type Tell = (tell: (sink: NorthboundSink) => void) => void;

function tellNb(sink: NorthboundSink, tenant: string, record: NbRecord, revision: number, isGone: boolean): void {
  if (record.type === 'stray') sink.stray(tenant, record.key, isGone ? undefined : record.reason);
  else if (isGone) {
    const { kind, ref } = record.type === 'object' ? record.object : record;
    sink.gone(kind, ref, revision);
  } else if (record.type === 'object') sink.object(record.object);
  else sink.refused(record.kind, record.ref, revision, record.error);
}

function tellAlloc(sink: NorthboundSink, tenant: string, record: AllocRecord, isGone: boolean): void {
  switch (record.type) {
    case 'number':
      sink.allocated(record.space, record.ref, isGone ? undefined : record.number);
      break;
    case 'claim':
      sink.claimed(record.port, isGone ? undefined : record.claim.chassis);
      break;
    case 'addresses':
      sink.addressed(record.port, isGone ? [] : record.addresses, record.lswitch);
      break;
    case 'stray':
      sink.stray(tenant, record.key, isGone ? undefined : record.reason);
      break;
    case 'iface':
    case 'address':
      // The other direction of what is told already.
      break;
  }
}

/** One watch with its mirror and its doubts. */
class Half<V> {
  readonly mirror: Mirror<V>;
  readonly #watch: Watch;
  readonly #changed: () => void;
  readonly #graceMs: number;
  #grace: ReturnType<typeof setTimeout> | undefined;
  #review: ReturnType<typeof setTimeout> | undefined;
  /** What is wrong at present, whether it was told or not. */
  #loss: Loss | undefined;
  #isTold = false;
  /** Why it cannot be read at present. */
  unreadable: string | undefined;

  constructor(
    bucket: Bucket,
    filter: string,
    reader: Reader<V>,
    events: Pick<MirrorEvents<V>, 'set' | 'unset' | 'passed' | 'settled'>,
    graceMs: number,
    changed: () => void,
  ) {
    this.#changed = changed;
    this.#graceMs = graceMs;
    this.mirror = new Mirror(reader, {
      ...events,
      doubted: (loss) => {
        this.#doubt(loss);
      },
      trusted: () => {
        this.#trust();
      },
    });
    const watched = {
      started: () => {
        this.mirror.started();
        this.#readable(undefined);
      },
      entry: (entry: Entry) => {
        this.mirror.entry(entry);
        if (this.mirror.isDoubtful) this.#review ??= setTimeout(this.#reviewNow, reviewMs);
      },
      settled: () => {
        this.mirror.settled();
        if (!this.mirror.isDoubtful) this.#trust();
      },
      failed: (error: SyncError) => {
        this.#failed(error);
      },
    };
    this.#watch = new Watch(bucket, filter, watched, { isSure: true });
  }

  /** What is wrong with it, once the grace is over. */
  get loss(): Loss | undefined {
    return this.#isTold ? this.#loss : undefined;
  }

  /** Believes a doubtful snapshot. */
  accept(): Loss | undefined {
    const { loss } = this;
    if (!this.mirror.isDoubtful) return undefined;
    this.mirror.accept();
    return loss;
  }

  close(): void {
    clearTimeout(this.#grace);
    clearTimeout(this.#review);
    this.#watch.close();
  }

  readonly #reviewNow = (): void => {
    this.#review = undefined;
    this.mirror.review();
  };

  #failed(error: SyncError): void {
    // A bucket that was there and is not is the northbound going back, all the way.
    if (error.code === 'NATS_BUCKET_MISSING' && this.mirror.isSettled) {
      const gone = [...this.mirror.values()].length;
      if (gone > 0) this.#doubt({ reason: error.message, gone, changed: 0 });
    }
    this.#readable(error.message);
  }

  #readable(reason: string | undefined): void {
    if (this.unreadable === reason) return;
    this.unreadable = reason;
    this.#changed();
  }

  #doubt(loss: Loss): void {
    const isSame = this.#loss?.gone === loss.gone && this.#loss.changed === loss.changed;
    this.#loss = loss;
    if (this.#isTold) {
      if (!isSame) this.#changed();
      return;
    }
    this.#grace ??= setTimeout(() => {
      this.#isTold = this.#loss !== undefined;
      this.#changed();
    }, this.#graceMs);
  }

  #trust(): void {
    clearTimeout(this.#grace);
    this.#grace = undefined;
    this.#loss = undefined;
    if (!this.#isTold) return;
    this.#isTold = false;
    this.#changed();
  }
}

/** Everything that is known about one tenant, kept up to date until it is closed. */
export class TenantFeed {
  readonly #tenant: string;
  readonly #tell: Tell;
  readonly #nb: Half<NbRecord>;
  readonly #alloc: Half<AllocRecord>;
  readonly #damper: Damper;
  #heldText = '';
  #unreadable: string | undefined;

  constructor(store: Store, tenant: string, graceMs: number, tell: Tell) {
    this.#tenant = tenant;
    this.#tell = tell;
    const changed = () => {
      this.#judge();
    };
    const settled = () => {
      if (this.isSettled)
        tell((sink) => {
          sink.settled(tenant, this.revision);
        });
    };
    this.#damper = new Damper((revision) => {
      tell((sink) => {
        sink.withheld(tenant, revision);
      });
    });
    const nbTold = (isGone: boolean) => (key: string, record: NbRecord, revision: number) => {
      const pass = () => {
        tell((sink) => {
          tellNb(sink, tenant, record, revision, isGone);
        });
      };
      if (this.isSettled) this.#damper.change(key, revision, pass);
      else pass(); // a snapshot has each key once
    };
    const allocTold = (isGone: boolean) => (_key: string, record: AllocRecord) => {
      tell((sink) => {
        tellAlloc(sink, tenant, record, isGone);
      });
    };
    const passed = (revision: number) => {
      if (this.isSettled)
        tell((sink) => {
          sink.settled(tenant, revision);
        });
    };
    const nbEvents = { set: nbTold(false), unset: nbTold(true), passed, settled };
    const allocEvents = { set: allocTold(false), unset: allocTold(true), settled };
    this.#nb = new Half(store.nb, tenantFilter(tenant), nbReader, nbEvents, graceMs, changed);
    this.#alloc = new Half(store.alloc, tenantAllocFilter(tenant), allocReader, allocEvents, graceMs, changed);
  }

  /** Whether both snapshots were complete once. */
  get isSettled(): boolean {
    return this.#nb.mirror.isSettled && this.#alloc.mirror.isSettled;
  }

  /** The highest revision of the northbound that was seen. */
  get revision(): number {
    return this.#nb.mirror.revision;
  }

  /** Tells a newcomer what everybody else knows. */
  replay(sink: NorthboundSink): void {
    for (const { value, revision } of this.#nb.mirror.values()) tellNb(sink, this.#tenant, value, revision, false);
    for (const { value } of this.#alloc.mirror.values()) tellAlloc(sink, this.#tenant, value, false);
    if (this.isSettled) sink.settled(this.#tenant, this.revision);
    if (this.#damper.since !== undefined) sink.withheld(this.#tenant, this.#damper.since); // newer values may be late for it too
    const held = this.#held();
    if (held !== undefined) sink.held(this.#tenant, held.reason, held);
    if (this.#unreadable !== undefined) sink.unreadable(this.#tenant, this.#unreadable);
  }

  /** Believes what was held back; undefined if nothing was. */
  accept(): HeldBack | undefined {
    const held = this.#held();
    const accepted = [this.#nb.accept(), this.#alloc.accept()];
    return held !== undefined && accepted.some((loss) => loss !== undefined)
      ? { gone: held.gone, changed: held.changed }
      : undefined;
  }

  close(): void {
    this.#nb.close();
    this.#alloc.close();
    this.#damper.close();
  }

  #held(): Loss | undefined {
    const losses = [this.#nb.loss, this.#alloc.loss].filter((loss) => loss !== undefined);
    if (losses.length === 0) return undefined;
    return {
      reason: losses.map((loss) => loss.reason).join('; '),
      gone: losses.reduce((sum, loss) => sum + loss.gone, 0),
      changed: losses.reduce((sum, loss) => sum + loss.changed, 0),
    };
  }

  #judge(): void {
    const held = this.#held();
    const text = held === undefined ? '' : JSON.stringify(held);
    if (text !== this.#heldText) {
      this.#heldText = text;
      this.#tell((sink) => {
        if (held === undefined) sink.released(this.#tenant);
        else sink.held(this.#tenant, held.reason, { gone: held.gone, changed: held.changed });
      });
    }
    const unreadable = this.#nb.unreadable ?? this.#alloc.unreadable;
    if (unreadable === this.#unreadable) return;
    this.#unreadable = unreadable;
    this.#tell((sink) => {
      sink.unreadable(this.#tenant, unreadable);
    });
  }
}
