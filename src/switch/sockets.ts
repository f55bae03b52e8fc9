// Opens sockets: listens on TCP and on unix sockets, dials both, and says what kept it from doing so.
import { unlinkSync } from 'node:fs';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { formatAddress, type Address } from './address.js';
import { Channel } from './channel.js';
import { SessionError } from './errors.js';

/** How long a dial may take. */
const dialMs = 5000;

/** A socket that accepts connections. */
export interface Listener {
  /** Where it listens, the port filled in when 0 was asked for. */
  readonly address: Address;
  /** Stops accepting; connections that exist go on. */
  close(): void;
}

/** A connection that was accepted, and the host (or the socket's path) it came from. */
export type Accept = (channel: Channel, host: string) => void;

/** Listens; rejects with a SessionError `address_in_use` or `listen_failed` that names the address. */
export async function listen(
  address: Address,
  accept: Accept,
  broken: (error: SessionError) => void,
): Promise<Listener> {
  try {
    return await listenOnce(address, accept, broken);
  } catch (error) {
    if (address.kind !== 'unix' || !(error instanceof SessionError) || error.code !== 'address_in_use') throw error;
    if (await answers(address)) throw error;
    // The file of a process that is gone: nobody answers, so it is ours to replace.
    unlinkSync(address.path);
    return listenOnce(address, accept, broken);
  }
}

/** Connects; rejects with a SessionError `dial_failed`. */
export async function dial(address: Address): Promise<Channel> {
  const socket = address.kind === 'tcp' ? connect(address.port, address.host) : connect(address.path);
  await new Promise<void>((resolve, reject) => {
    const timer = setTimeout(() => {
      socket.destroy(new Error(`no answer within ${dialMs} ms`));
    }, dialMs);
    socket.once('connect', () => {
      clearTimeout(timer);
      resolve();
    });
    socket.once('error', (error) => {
      clearTimeout(timer);
      reject(new SessionError('dial_failed', 'dialling', `${formatAddress(address)}: ${error.message}`, error));
    });
  });
  return new Channel(socket, formatAddress(address));
}

function listenOnce(address: Address, accept: Accept, broken: (error: SessionError) => void): Promise<Listener> {
  const server = createServer();
  let accepted = 0;
  server.on('connection', (socket) => {
    accepted += 1;
    const from = remote(socket, address, accepted);
    accept(new Channel(socket, from.peer), from.host);
  });
  return new Promise((resolve, reject) => {
    server.once('error', (error) => {
      reject(listenError(address, error));
    });
    server.once('listening', () => {
      server.removeAllListeners('error');
      server.on('error', (error) => {
        broken(listenError(address, error));
      });
      resolve({ address: bound(server, address), close: () => server.close() });
    });
    if (address.kind === 'tcp') server.listen(address.port, address.host);
    else server.listen(address.path);
  });
}

/** A peer's own address on TCP; a unix socket's clients have none, so they are numbered. */
function remote(socket: Socket, listening: Address, accepted: number): { peer: string; host: string } {
  if (listening.kind === 'unix')
    return { peer: `${formatAddress(listening)}#${accepted}`, host: formatAddress(listening) };
  // Who listens on all addresses sees IPv4 peers as IPv6 ones (RFC 4291, 2.5.5.2).
  const host = (socket.remoteAddress ?? 'unknown').replace(/^::ffff:(?=\d+\.)/, '');
  return { peer: formatAddress({ kind: 'tcp', host, port: socket.remotePort ?? 0 }), host };
}

function bound(server: Server, asked: Address): Address {
  const actual: AddressInfo | string | null = server.address();
  if (asked.kind === 'unix' || actual === null || typeof actual === 'string') return asked;
  return { ...asked, port: actual.port };
}

function listenError(address: Address, error: Error): SessionError {
  const inUse = 'code' in error && error.code === 'EADDRINUSE';
  const reason = inUse
    ? `${formatAddress(address)} is in use by another process`
    : `${formatAddress(address)}: ${error.message}`;
  return new SessionError(inUse ? 'address_in_use' : 'listen_failed', 'listening', reason, error);
}

function answers(address: Address & { kind: 'unix' }): Promise<boolean> {
  const socket = connect(address.path);
  return new Promise((resolve) => {
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => {
      resolve(false);
    });
  });
}
