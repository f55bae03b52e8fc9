// A bare OpenFlow connection to a bridge: what a program that only writes bytes and waits for a barrier can reach.
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { encode, Framer, headerOf, type Message } from '../src/ofp/index.js';

const types = { hello: 0, error: 1, echoRequest: 2, echoReply: 3, multipartReply: 19, barrierReply: 21 } as const;
const flagsOffset = 10;

interface Waiting {
  readonly frames: Uint8Array[];
  readonly resolve: (frames: Uint8Array[]) => void;
  readonly reject: (error: Error) => void;
}

/** One connection; frames that nobody waits for go to `onFrame`. */
export class OpenFlowConnection {
  readonly #socket: Socket;
  readonly #framer = new Framer();
  readonly #waiting = new Map<number, Waiting>();
  #xid = 0x1000;
  /** Frames of type error, all of which are somebody's mistake. */
  readonly errors: Uint8Array[] = [];
  onFrame: (frame: Uint8Array) => void = () => undefined;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('data', (chunk) => {
      for (const frame of this.#framer.push(chunk)) this.#take(frame);
    });
    socket.on('error', () => undefined); // 'close' follows
    socket.on('close', () => {
      for (const { reject } of this.#waiting.values()) reject(new Error('the switch has closed the connection'));
      this.#waiting.clear();
    });
  }

  /** Connects to `unix:PATH`; Open vSwitch takes messages right behind our HELLO. */
  static async open(remote: string): Promise<OpenFlowConnection> {
    const socket = connect(remote.replace(/^unix:/, ''));
    await once(socket, 'connect');
    const connection = new OpenFlowConnection(socket);
    connection.send({ type: 'hello', versions: [4] });
    await connection.barrier();
    return connection;
  }

  /** Sends one message under a new xid, which it returns. */
  send(message: Message): number {
    const xid = ++this.#xid;
    this.#socket.write(encode(message, xid));
    return xid;
  }

  /** Writes encoded messages as they are. */
  write(bytes: Uint8Array): void {
    this.#socket.write(bytes);
  }

  /** Sends a request and resolves to its reply: several frames where it is a multipart. */
  request(message: Message): Promise<Uint8Array[]> {
    return new Promise((resolve, reject) => this.#waiting.set(this.send(message), { frames: [], resolve, reject }));
  }

  /** Resolves when the switch has done everything that was written before. */
  async barrier(): Promise<void> {
    await this.request({ type: 'barrier_request' });
  }

  /** Ends the connection. */
  close(): void {
    this.#socket.destroy();
  }

  #take(frame: Uint8Array): void {
    const { type, xid } = headerOf(frame);
    if (type === types.echoRequest) {
      this.#socket.write(encode({ type: 'echo_reply', data: frame.slice(8) }, xid));
      return;
    }
    if (type === types.error) this.errors.push(frame);
    const waiting = this.#waiting.get(xid);
    if (waiting === undefined) {
      if (type !== types.hello) this.onFrame(frame);
      return;
    }
    waiting.frames.push(frame);
    const hasMore = type === types.multipartReply && ((frame[flagsOffset + 1] ?? 0) & 1) === 1;
    if (hasMore) return;
    this.#waiting.delete(xid);
    waiting.resolve(waiting.frames);
  }
}
