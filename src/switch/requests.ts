// Requests that wait for their replies, by xid, each with a deadline; and ranges of xids that a commit has taken for
// itself. No I/O; time is an argument.
import type { Message } from '../ofp/index.js';
import { switchError, type SessionError, type SwitchError } from './errors.js';

/** A request without an answer yet. */
interface Pending {
  readonly what: string;
  /** When it was asked. */
  askedMs: number;
  /** When it was its turn to be answered, as far as we know. */
  sinceMs: number;
  /** One part of a reply, as bytes; true when it was the last. Absent: the reply is one decoded message. */
  readonly part?: (frame: Uint8Array) => boolean;
  readonly resolve: (message: Message | undefined) => void;
  readonly reject: (error: SessionError | SwitchError) => void;
}

/** What answers to a block of xids. */
export interface Claim {
  readonly firstXid: number;
  readonly length: number;
  /** A message came whose xid is `firstXid + offset`. */
  answered(offset: number, message: Message): void;
}

/** The wait for a reply, in ms, from when the one before it came; liveness is the keepalive's business, so this is generous. */
export const requestMs = 30_000;
const xidEnd = 0x1_0000_0000;

/** The table of open requests of one session. */
export class Requests {
  readonly #pending = new Map<number, Pending>();
  readonly #claims = new Set<Claim>();
  readonly #firstXid: number;
  #nextXid: number;

  constructor(firstXid: number) {
    this.#firstXid = firstXid;
    this.#nextXid = firstXid;
  }

  /** Takes `length` xids in a row. They start over before 2^32; four billion requests later the old ones are long answered. */
  take(length: number): number {
    if (this.#nextXid + length > xidEnd) this.#nextXid = this.#firstXid;
    const first = this.#nextXid;
    this.#nextXid += length;
    return first;
  }

  /** Waits for the decoded reply to `xid`. */
  reply(xid: number, what: string, nowMs: number): Promise<Message> {
    return new Promise((resolve, reject) => {
      const settle = (message: Message | undefined): void => {
        if (message) resolve(message);
      };
      this.#pending.set(xid, { what, askedMs: nowMs, sinceMs: nowMs, resolve: settle, reject });
    });
  }

  /** Waits until `part`, given each frame that answers `xid`, says that it was the last. */
  parts(xid: number, what: string, nowMs: number, part: (frame: Uint8Array) => boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      const settle = (): void => {
        resolve();
      };
      this.#pending.set(xid, { what, askedMs: nowMs, sinceMs: nowMs, part, resolve: settle, reject });
    });
  }

  /** Routes whatever answers to a block of xids, until the returned function is called. */
  claim(claim: Claim): () => void {
    this.#claims.add(claim);
    return () => {
      this.#claims.delete(claim);
    };
  }

  /** A frame that may be part of an awaited reply; false when nobody waits for it as bytes. */
  takePart(xid: number, frame: Uint8Array, nowMs: number): boolean {
    const pending = this.#pending.get(xid);
    if (pending?.part === undefined) return false;
    pending.sinceMs = nowMs;
    this.#restartBehind(xid, nowMs);
    if (pending.part(frame)) {
      this.#pending.delete(xid);
      pending.resolve(undefined);
    }
    return true;
  }

  /** A decoded message that may be an awaited reply or error; false when nobody waits for it. */
  takeMessage(xid: number, message: Message, nowMs: number): boolean {
    for (const claim of this.#claims) {
      const offset = xid - claim.firstXid;
      if (offset < 0 || offset >= claim.length) continue;
      claim.answered(offset, message);
      return true;
    }
    const pending = this.#pending.get(xid);
    if (pending === undefined) return false;
    this.#restartBehind(xid, nowMs);
    this.#pending.delete(xid);
    if (message.type === 'error') pending.reject(switchError(xid, message));
    else pending.resolve(message);
    return true;
  }

  /** The request that has waited past its deadline, if any, in words. */
  overdue(nowMs: number): string | undefined {
    for (const { what, sinceMs } of this.#pending.values()) {
      if (nowMs - sinceMs >= requestMs) return what;
    }
    return undefined;
  }

  /** How long the oldest request has been waiting, in ms; 0 if there is none. */
  waitedMs(nowMs: number): number {
    const [oldest] = this.#pending.values();
    return oldest === undefined ? 0 : nowMs - oldest.askedMs;
  }

  /** Counts every wait from now, after a time in which the switch could not answer. */
  restart(nowMs: number): void {
    for (const pending of this.#pending.values()) pending.askedMs = pending.sinceMs = nowMs;
  }

  /** A switch reads and answers in turn: what was asked after this is waited for from now. */
  #restartBehind(xid: number, nowMs: number): void {
    let isBehind = false;
    for (const [other, pending] of this.#pending) {
      if (isBehind) pending.sinceMs = nowMs;
      else isBehind = other === xid;
    }
  }

  /** Fails one request, when its reply cannot be read. */
  fail(xid: number, error: SessionError): void {
    const pending = this.#pending.get(xid);
    this.#pending.delete(xid);
    pending?.reject(error);
  }

  /** Fails all. */
  failAll(error: SessionError): void {
    const all = [...this.#pending.values()];
    this.#pending.clear();
    for (const { reject } of all) reject(error);
  }
}
