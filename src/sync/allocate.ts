// Numbers that are given out once and never again: unique keys of ports and networks, VNIs, iface-ids. Both directions are
// created, number first, so that whatever stops us in between leaves a number unused at worst and never one used twice.
import type { Ref } from '../model/ids.js';
import type { Bucket } from './bucket.js';
import type { Store } from './buckets.js';
import { create } from './create.js';
import { SyncError } from './errors.js';
import { heldKey, lastKey, numberKey } from './keys.js';
import { readHolder, readNumber } from './records.js';

/** What numbers are given out of; `twin` is a space in which the same number must be free, and is taken too. */
export const spaces = {
  lport: { max: 2 ** 32 - 1, twin: undefined },
  lswitch: { max: 2 ** 24 - 1, twin: 'vni' },
  vni: { max: 2 ** 24 - 1, twin: undefined },
} as const;

/** The name of a space of numbers. */
export type Space = keyof typeof spaces;

/** How many allocations are under way at the same time. */
const maxUnderWay = 64;

interface SpaceState {
  /** The next number to try; undefined until the last one given out was read. */
  next: Promise<number> | undefined;
  /** The highest number that we gave out. */
  last: number;
  isTellingLast: boolean;
}

/** Gives out numbers, for everything in this process. */
export class Allocator {
  readonly #alloc: Bucket;
  readonly #states = new Map<string, SpaceState>();
  readonly #underWay = new Map<string, Promise<number>>();
  readonly #waiting: (() => void)[] = [];

  constructor(store: Store) {
    this.#alloc = store.alloc;
  }

  /** The number of an object, allocated if it has none; asking again, here or elsewhere, gives the same. Throws SyncError. */
  allocate(space: Space, kind: string, ref: Ref): Promise<number> {
    const key = heldKey(space, kind, ref);
    const underWay = this.#underWay.get(key);
    if (underWay !== undefined) return underWay;
    const allocation = this.#allocate(space, kind, ref).finally(() => {
      this.#underWay.delete(key);
      this.#waiting.shift()?.();
    });
    this.#underWay.set(key, allocation);
    return allocation;
  }

  /** Gives a chosen number to an object: an operator's decision. Throws SyncError when either is taken. */
  async fix(space: Space, kind: string, ref: Ref, number: number): Promise<void> {
    if (!Number.isInteger(number) || number < 1 || number > spaces[space].max)
      throw new SyncError('NATS_NUMBER_TAKEN', `${space} ${number}: an integer from 1 to ${spaces[space].max}`);
    const has = await this.#numberOf(space, kind, ref);
    if (has !== undefined && has !== number)
      throw new SyncError('NATS_NUMBER_TAKEN', `${kind} ${ref} has ${space} ${has} already`);
    if (!(await this.#takeNumber(space, kind, ref, number)))
      throw new SyncError('NATS_NUMBER_TAKEN', `${space} ${number} belongs to another object`);
    const holds = await this.#hold(space, kind, ref, number);
    if (holds !== number) throw new SyncError('NATS_NUMBER_TAKEN', `${kind} ${ref} has ${space} ${holds} already`);
  }

  /**
   * Records that an iface-id means this lport, and resolves to the lport that it means: another one if it was recorded
   * before. A record stays.
   */
  async recordIface(ifaceId: string, port: Ref): Promise<Ref> {
    const created = await create(this.#alloc, numberKey('iface', ifaceId), { kind: 'lport', object: port });
    const holder = created.isOurs ? port : (readHolder(created.entry.text ?? '')?.ref ?? port);
    if (holder === port) await create(this.#alloc, heldKey('iface', 'lport', port), { number: ifaceId });
    return holder;
  }

  async #allocate(space: Space, kind: string, ref: Ref): Promise<number> {
    if (this.#underWay.size >= maxUnderWay) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    const has = await this.#numberOf(space, kind, ref);
    if (has !== undefined) return has;
    for (;;) {
      const number = await this.#next(space);
      if (number > spaces[space].max) throw new SyncError('NATS_NUMBER_TAKEN', `no ${space} number is left`);
      if (!(await this.#takeNumber(space, kind, ref, number))) {
        await this.#catchUp(space);
        continue;
      }
      const holds = await this.#hold(space, kind, ref, number);
      this.#tellLast(space, number);
      return holds;
    }
  }

  async #numberOf(space: Space, kind: string, ref: Ref): Promise<number | undefined> {
    const entry = await this.#alloc.read(heldKey(space, kind, ref));
    return entry?.text === undefined ? undefined : readNumber(entry.text);
  }

  /** Takes a number and its twin for an object; false if either belongs to another one, or did. */
  async #takeNumber(space: Space, kind: string, ref: Ref, number: number): Promise<boolean> {
    for (const each of [spaces[space].twin, space]) {
      if (each === undefined) continue;
      const created = await create(this.#alloc, numberKey(each, number), { kind, object: ref });
      if (created.isOurs) continue;
      const holder = readHolder(created.entry.text ?? '');
      if (holder?.kind !== kind || holder.ref !== ref) return false;
    }
    return true;
  }

  /** Writes the other direction; resolves to the number that the object has, another one if somebody was faster. */
  async #hold(space: Space, kind: string, ref: Ref, number: number): Promise<number> {
    const created = await create(this.#alloc, heldKey(space, kind, ref), { number });
    return created.isOurs ? number : (readNumber(created.entry.text ?? '') ?? number);
  }

  #state(space: Space): SpaceState {
    const state = this.#states.get(space) ?? { next: undefined, last: 0, isTellingLast: false };
    this.#states.set(space, state);
    return state;
  }

  async #next(space: Space): Promise<number> {
    const state = this.#state(space);
    const next = (state.next ?? this.#told(space).then((last) => last + 1)).catch((error: unknown) => {
      state.next = undefined;
      throw error;
    });
    state.next = next.then((number) => number + 1);
    // Whoever asks next sees the failure too; here it is only kept from counting as unhandled.
    state.next.catch(() => undefined);
    return next;
  }

  /** The last number that anybody says to have given out: where to go on, no more. */
  async #told(space: Space): Promise<number> {
    const entry = await this.#alloc.read(lastKey(space));
    return readNumber(entry?.text ?? '') ?? 0;
  }

  /** Goes past what others have given out meanwhile. */
  async #catchUp(space: Space): Promise<void> {
    const told = await this.#told(space);
    const state = this.#state(space);
    if (state.next !== undefined) state.next = state.next.then((number) => Math.max(number, told + 1));
    state.next?.catch(() => undefined);
  }

  /** Tells where we are, so that others need not try every number; one write at a time, the newest wins. */
  #tellLast(space: Space, number: number): void {
    const state = this.#state(space);
    state.last = Math.max(state.last, number);
    if (state.isTellingLast) return;
    state.isTellingLast = true;
    void (async () => {
      let told = 0;
      try {
        while (told < state.last) {
          told = state.last;
          await this.#alloc.put(lastKey(space), { number: told });
        }
      } catch {
        // Only a hint: the next allocation tells it again.
      } finally {
        state.isTellingLast = false;
      }
    })();
  }
}
