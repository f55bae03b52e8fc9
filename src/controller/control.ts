// The controller's own socket on its machine: one JSON request per line, one JSON answer per line. It is how `damselfly status`,
// `explain` and `remote-device` ask; it listens on a unix socket only, which its folder's permissions protect.
import { chmodSync, readdirSync, rmSync } from 'node:fs';
import { createConnection, createServer, type Server, type Socket } from 'node:net';
import { basename, join } from 'node:path';
import { createInterface, type Interface } from 'node:readline';
import { makeFolder } from '../sync/data-dir.js';
import { inSlices } from '../turns/slices.js';
import { hasCode } from './failure.js';
import { jsonPieces } from './json-pieces.js';

/** The folder of the control sockets in a data directory. */
export const controlFolder = (dataDir: string): string => join(dataDir, 'control');

/** How long an answer may take, in milliseconds; a probe of a remote device takes five seconds. */
const answerMs = 15_000;
/** No request is longer. */
const requestLimitSize = 1 << 16;

/** An answer is written in pieces of so many characters. */
const pieceLength = 1 << 14;

/** What is asked: a verb and its argument. */
export interface ControlRequest {
  readonly ask: string;
  readonly argument?: string;
}

/** Opens the control socket of this process; `answer` may promise its answer; what it throws is told to the asker. Resolves to what closes it. */
export async function openControl(dataDir: string, answer: (request: ControlRequest) => unknown): Promise<() => void> {
  const folder = controlFolder(dataDir);
  makeFolder(folder, 0o750);
  const path = join(folder, `${process.pid}.sock`);
  rmSync(path, { force: true });
  const server: Server = createServer((socket) => {
    socket.setTimeout(answerMs, () => socket.destroy());
    socket.on('error', () => socket.destroy());
    let size = 0;
    socket.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size > requestLimitSize) socket.destroy();
    });
    linesOf(socket).on('line', (line) => {
      void answered(line, answer).then((reply) => inSlices(written(socket, reply)));
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(path, resolve);
  });
  chmodSync(path, 0o660);
  return () => {
    server.close();
    rmSync(path, { force: true });
  };
}

/** The lines of a socket. A reader of lines repeats the socket's errors, and would throw them where nobody listens. */
const linesOf = (socket: Socket): Interface => createInterface({ input: socket }).on('error', () => socket.destroy());

/** Writes an answer as a line, in small steps. */
function* written(socket: Socket, reply: unknown): Generator<void> {
  let text = '';
  for (const piece of jsonPieces(reply)) {
    text += piece;
    if (text.length < pieceLength) continue;
    if (!socket.writable) return;
    socket.write(text);
    text = '';
    yield;
  }
  socket.write(`${text}\n`);
}

async function answered(line: string, answer: (request: ControlRequest) => unknown): Promise<unknown> {
  try {
    const request: unknown = JSON.parse(line);
    if (typeof request !== 'object' || request === null || !('ask' in request) || typeof request.ask !== 'string')
      return { error: 'a request is {"ask": VERB, "argument"?: TEXT}' };
    const argument =
      'argument' in request && typeof request.argument === 'string' ? { argument: request.argument } : {};
    return { answer: await answer({ ask: request.ask, ...argument }) };
  } catch (error) {
    return { error: error instanceof Error ? error.message : String(error) };
  }
}

/** Asks every controller of this machine that uses a data directory; those that do not answer are left out, stale sockets removed. */
export async function askAll(dataDir: string, request: ControlRequest): Promise<unknown[]> {
  let sockets: string[];
  try {
    sockets = readdirSync(controlFolder(dataDir)).filter((name) => name.endsWith('.sock'));
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return []; // no folder, no controller
    throw error;
  }
  const answers = await Promise.all(sockets.sort().map((name) => askOne(join(controlFolder(dataDir), name), request)));
  return answers.filter((answer) => answer !== undefined);
}

/** Whether the process that a socket is named after runs: one that starts has a socket before it listens there. */
function isRunning(path: string): boolean {
  try {
    process.kill(Number(basename(path, '.sock')), 0);
    return true;
  } catch (error) {
    return !hasCode(error, 'ESRCH');
  }
}

function askOne(path: string, request: ControlRequest): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const socket = createConnection(path);
    socket.setTimeout(answerMs, () => socket.destroy(new Error(`${path} does not answer`)));
    socket.on('error', (error) => {
      if (!hasCode(error, 'ECONNREFUSED') && !hasCode(error, 'ENOENT')) {
        reject(error);
        return;
      }
      if (!isRunning(path)) rmSync(path, { force: true }); // left behind by a controller that was killed
      resolve(undefined);
    });
    linesOf(socket).once('line', (line) => {
      socket.destroy();
      const reply: unknown = JSON.parse(line);
      if (typeof reply === 'object' && reply !== null && 'error' in reply) reject(new Error(String(reply.error)));
      else resolve(typeof reply === 'object' && reply !== null && 'answer' in reply ? reply.answer : undefined);
    });
    socket.write(`${JSON.stringify(request)}\n`);
  });
}
