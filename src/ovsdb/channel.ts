// The sockets of this room: one connection to an ovsdb-server, as JSON values in both directions.
import { connect, type Socket } from 'node:net';
import { OvsdbError } from './errors.js';
import { JsonStream, type JsonLimits, defaultJsonLimits } from './json-stream.js';
import type { Members } from './json.js';
import { type Remote, remoteText } from './remote.js';

/** What a channel tells its owner. Nothing comes after `closed`, and nothing at all after the owner's own `close()`. */
export interface ChannelEvents {
  readonly opened: () => void;
  /** The peer is alive: some bytes came, if only a part of a value. */
  readonly activity: () => void;
  readonly message: (value: unknown) => void;
  readonly closed: (reason: OvsdbError) => void;
}

/** An open or opening connection. */
export interface Channel {
  readonly send: (message: Members) => void;
  readonly close: () => void;
}

/** How a connection is made; tests put a peer of their own here. */
export type Dial = (remote: Remote, events: ChannelEvents) => Channel;

/** Bytes that may wait for a peer that does not read, before it is given up. */
export const maxQueuedSize = 64 * 1024 * 1024;

/** After this many bytes in one turn of the event loop the rest waits for the next: a large snapshot must not hold up everybody else. */
export const readTurnSize = 128 * 1024;

/** Connects to a server; the outcome comes as `opened` or `closed`. */
export const dial: Dial = (remote, events) => {
  const socket =
    remote.type === 'unix' ? connect(remote.path) : connect({ host: remote.host, port: remote.port, noDelay: true });
  return socketChannel(socket, remoteText(remote), events);
};

/** Speaks over a socket that somebody connected, whichever side did. */
export function socketChannel(
  socket: Socket,
  name: string,
  events: ChannelEvents,
  limits: JsonLimits = defaultJsonLimits,
): Channel {
  const stream = new JsonStream(limits);
  const pace = pacing(socket);
  let isClosed = false;
  const end = (reason?: OvsdbError): void => {
    if (isClosed) return;
    isClosed = true;
    socket.destroy();
    if (reason) events.closed(reason);
  };
  socket.on('connect', () => {
    if (!isClosed) events.opened();
  });
  socket.on('data', (chunk) => {
    if (isClosed) return;
    events.activity();
    try {
      stream.push(chunk, (value) => {
        if (!isClosed) events.message(value);
      });
    } catch (error) {
      if (!(error instanceof OvsdbError)) throw error;
      end(new OvsdbError(error.code, `${name}: ${error.message}`, error.cause));
    }
    pace(chunk.length);
  });
  socket.on('error', (error) => {
    end(new OvsdbError('OVSDB_UNREACHABLE', `${name}: ${error.message}`, error));
  });
  socket.on('close', () => {
    end(new OvsdbError('OVSDB_UNREACHABLE', `${name}: closed by the peer`));
  });
  return {
    send: (message) => {
      if (isClosed) return;
      socket.write(JSON.stringify(message));
      if (socket.writableLength > maxQueuedSize)
        end(
          new OvsdbError('OVSDB_UNREACHABLE', `${name}: the peer does not read, ${socket.writableLength} bytes wait`),
        );
    },
    close: () => {
      end();
    },
  };
}

/** Is told how much was read of a socket, and reads no more than `readTurnSize` in a turn. */
function pacing(socket: Socket): (size: number) => void {
  let turnSize = 0;
  return (size) => {
    if (turnSize === 0)
      setImmediate(() => {
        turnSize = 0;
        socket.resume();
      });
    turnSize += size;
    if (turnSize >= readTurnSize) socket.pause();
  };
}
