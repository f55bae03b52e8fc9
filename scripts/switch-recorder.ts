// One connection to a bridge of ovs-vswitchd that keeps what the switch says, whether it was asked or not.
import { connect, type Socket } from 'node:net';
import { decode, encode, Framer, type Message } from '../src/ofp/index.js';
import { until } from '../test/lab/process.js';

const barrierXid = 0xf000_0000;
const xidAt = 4;

/** What is sent: a message, or the bytes of one. */
export type Sendable = Message | Uint8Array;

function stamped(frame: Uint8Array, xid: number): Uint8Array {
  const copy = Uint8Array.from(frame);
  new DataView(copy.buffer).setUint32(xidAt, xid);
  return copy;
}

/** A controller that listens. Its messages have the xids 1, 2, 3 and so on; `close` ends it. */
export class SwitchRecorder {
  readonly #socket: Socket;
  #heard: Uint8Array[] = [];
  #xid = 0;
  #barriers = 0;

  private constructor(path: string) {
    this.#socket = connect(path);
    const framer = new Framer();
    this.#socket.on('data', (chunk) => {
      for (const frame of framer.push(chunk)) this.#take(frame.slice());
    });
    this.#socket.on('error', () => this.#socket.destroy());
    this.#socket.write(encode({ type: 'hello', versions: [4] }, 0));
  }

  /** Dials a bridge's socket, `unix:PATH`, and says hello. */
  static async connect(path: string): Promise<SwitchRecorder> {
    const recorder = new SwitchRecorder(path.replace('unix:', ''));
    await recorder.ask();
    return recorder;
  }

  #take(frame: Uint8Array): void {
    const { message, xid } = decode(frame);
    if (message.type === 'barrier_reply' && xid === barrierXid) this.#barriers++;
    else if (message.type === 'echo_request')
      this.#socket.write(encode({ type: 'echo_reply', data: message.data }, xid));
    else if (message.type !== 'hello') this.#heard.push(frame);
  }

  /** Sends messages and gives what the switch said before it answered the barrier behind them, and unasked before. */
  async ask(...messages: readonly Sendable[]): Promise<Uint8Array[]> {
    this.#socket.cork();
    for (const message of messages) {
      const xid = ++this.#xid;
      this.#socket.write(message instanceof Uint8Array ? stamped(message, xid) : encode(message, xid));
    }
    this.#socket.write(encode({ type: 'barrier_request' }, barrierXid));
    this.#socket.uncork();
    const before = this.#barriers;
    await until('an answer to a barrier', () => this.#barriers > before);
    return this.#taken();
  }

  /** Waits until the switch has said so many things unasked, and gives them. */
  async hear(count: number): Promise<Uint8Array[]> {
    await until(`${count} messages`, () => this.#heard.length >= count);
    return this.#taken();
  }

  #taken(): Uint8Array[] {
    const heard = this.#heard;
    this.#heard = [];
    return heard;
  }

  /** Ends the connection. */
  close(): void {
    this.#socket.destroy();
  }
}
