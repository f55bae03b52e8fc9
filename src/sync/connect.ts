// A connection to NATS that is found again for ever, and the few facts about it that everything else in this room needs.
import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { type ConnectionOptions, type NatsConnection, createInbox, credsAuthenticator } from '@nats-io/transport-node';
import { SyncError } from './errors.js';
import { connectPaced, isLate } from './transport.js';

const minPauseMs = 100;
const maxPauseMs = 5000;

/** Where NATS is and who we are there. */
export interface NatsAddress {
  /** `nats://host:port`, or several with commas between them; `user:password@` before the host is honoured. */
  readonly servers: string;
  /** The path of a credentials file. */
  readonly credentials?: string | undefined;
  readonly user?: string | undefined;
  readonly password?: string | undefined;
  /** What answers are sent to: credentials that fence tenants give each an inbox prefix of its own. */
  readonly inboxPrefix?: string | undefined;
  /** The JetStream domain that the northbound is in, seen from our account: for parties with an account of their own. */
  readonly domain?: string | undefined;
}

/** Who connects and who hears about it. `down` and `up` come once per change, not once per attempt. */
export interface ConnectOptions {
  readonly name: string;
  /** Gives up after the first attempt instead of trying for ever: for commands. */
  readonly once?: boolean;
  readonly signal?: AbortSignal;
  readonly down?: (reason: string) => void;
  readonly up?: (server: string) => void;
  /** The server refused something that we sent without waiting for an answer. */
  readonly refused?: (reason: string) => void;
}

/** A live connection. */
export interface Nats {
  readonly connection: NatsConnection;
  readonly isUp: () => boolean;
  /** Whether more has come than could be read: what is read should be kept for later, and nobody be taken for silent. */
  readonly isLate: () => boolean;
  /** The JetStream domain that we reach the northbound by; undefined where the northbound is in our account. */
  readonly domain: string | undefined;
  /** What requests to JetStream begin with. */
  readonly jetStreamApi: string;
  /** A new subject that only we may listen to. */
  readonly inbox: () => string;
  /** Calls `listener` after every reconnection; returns what ends that. */
  readonly onReconnect: (listener: () => void) => () => void;
  readonly close: () => Promise<void>;
}

/** The pause before the n-th attempt (n from 0), in milliseconds; `random` is from 0 to 1. */
export function reconnectPauseMs(attempt: number, random: number): number {
  const pause = Math.min(maxPauseMs, minPauseMs * 2 ** Math.min(attempt, 16));
  return Math.round(pause * (0.75 + 0.5 * random));
}

/**
 * The pause after a failed attempt when the outage has lasted that long, in milliseconds. The client asks more than once per
 * attempt, so the answer must depend on nothing but the time.
 */
export const outagePauseMs = (elapsedMs: number, random: number): number =>
  Math.min(maxPauseMs, Math.max(minPauseMs, elapsedMs / 2)) * (0.75 + 0.5 * random);

/** A server's URL in parts; NATS clients take no user from it by themselves. */
export function splitServers(servers: string): { servers: string[]; user?: string; password?: string } {
  let login: { user?: string; password?: string } = {};
  const hosts = servers.split(',').map((text) => {
    const parts = /^(?:(\w+):\/\/)?(?:([^:@]*)(?::([^@]*))?@)?(.+)$/.exec(text.trim());
    const [, scheme, user, password, host] = parts ?? [];
    if (host === undefined) throw new SyncError('NATS_UNREACHABLE', `"${text}" is not an address, as nats://host:4222`);
    if (user !== undefined)
      login = {
        user: decodeURIComponent(user),
        ...(password === undefined ? {} : { password: decodeURIComponent(password) }),
      };
    return `${scheme ?? 'nats'}://${host}`;
  });
  return { servers: hosts, ...login };
}

/** Since when there is no connection; `random` keeps clients of one server apart. */
interface Outage {
  sinceMs: number | undefined;
  readonly random: number;
}

function clientOptions(address: NatsAddress, name: string, outage: Outage): ConnectionOptions {
  const { servers, ...login } = splitServers(address.servers);
  const user = address.user ?? login.user;
  const pass = address.password ?? login.password;
  return {
    servers,
    name,
    ...(address.credentials === undefined ? {} : { authenticator: credentials(address.credentials) }),
    ...(user === undefined ? {} : { user }),
    ...(pass === undefined ? {} : { pass }),
    ...(address.inboxPrefix === undefined ? {} : { inboxPrefix: address.inboxPrefix }),
    maxReconnectAttempts: -1,
    ignoreAuthErrorAbort: true,
    pingInterval: 5000,
    maxPingOut: 2,
    noAsyncTraces: true,
    reconnectDelayHandler: () => {
      outage.sinceMs ??= performance.now();
      return outagePauseMs(performance.now() - outage.sinceMs, outage.random);
    },
  };
}

function credentials(path: string) {
  try {
    return credsAuthenticator(readFileSync(path));
  } catch (error) {
    throw new SyncError('NATS_NOT_PERMITTED', `${path}: the credentials file cannot be read`, error);
  }
}

const textOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** Connects; with `once` a failure is a SyncError, otherwise it goes on until it succeeds or `signal` ends it. */
export async function connectNats(address: NatsAddress, options: ConnectOptions): Promise<Nats> {
  const outage: Outage = { sinceMs: undefined, random: Math.random() };
  const client = clientOptions(address, options.name, outage);
  for (let attempt = 0; ; attempt += 1) {
    try {
      return watched(await connectPaced(client), address, {
        ...options,
        up: (server) => {
          outage.sinceMs = undefined;
          options.up?.(server);
        },
      });
    } catch (error) {
      const { servers } = splitServers(address.servers);
      const reason = `no NATS at ${servers.join(', ')}: ${textOf(error)}`;
      if (options.once === true) throw new SyncError('NATS_UNREACHABLE', reason, error);
      if (attempt === 0) options.down?.(reason);
      await delay(reconnectPauseMs(attempt, Math.random()), undefined, options.signal && { signal: options.signal });
    }
  }
}

function watched(connection: NatsConnection, address: NatsAddress, options: ConnectOptions): Nats {
  const listeners = new Set<() => void>();
  let isUp = true;
  options.up?.(connection.getServer());
  void report(connection, listeners, {
    ...options,
    down: (reason) => {
      if (isUp) options.down?.(reason);
      isUp = false;
    },
    up: (server) => {
      isUp = true;
      options.up?.(server);
    },
  });
  return {
    connection,
    isUp: () => isUp,
    isLate: () => isLate(connection),
    domain: address.domain,
    jetStreamApi: address.domain === undefined ? '$JS.API' : `$JS.${address.domain}.API`,
    inbox: () => createInbox(address.inboxPrefix),
    onReconnect: (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    close: async () => {
      listeners.clear();
      // Unsent statuses go out first; a server that does not answer must not keep us from ending.
      const patience = delay(500, undefined, { ref: false });
      if (!connection.isClosed()) await Promise.race([connection.flush().catch(() => undefined), patience]);
      await connection.close();
    },
  };
}

/** Tells what happens to a connection until it is closed. */
async function report(connection: NatsConnection, listeners: ReadonlySet<() => void>, options: ConnectOptions) {
  for await (const status of connection.status()) {
    if (status.type === 'disconnect') options.down?.(`${status.server} is gone`);
    else if (status.type === 'error') options.refused?.(status.error.message);
    else if (status.type === 'reconnect') {
      options.up?.(status.server);
      for (const listener of [...listeners]) listener();
    }
  }
}
