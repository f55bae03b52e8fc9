// The control socket of an Open vSwitch program, held open: what `ovs-appctl` does in a process of its own for each command.
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

interface Answer {
  readonly id: number;
  readonly result: unknown;
  readonly error: unknown;
}

/** A connection to the control socket of one program, made when it is needed, and again after the program has ended. */
export class Unixctl {
  readonly #path: string;
  readonly #waiting = new Map<number, (answer: Answer | undefined) => void>();
  #socket: Socket | undefined;
  #text = '';
  #last = 0;

  constructor(path: string) {
    this.#path = path;
  }

  /** Runs a command; resolves to whether the program did it: false if it refused, or has ended. */
  async run(command: string, ...words: readonly string[]): Promise<boolean> {
    const socket = this.#socket ?? (await this.#connect());
    if (socket === undefined) return false;
    const id = ++this.#last;
    const answer = await new Promise<Answer | undefined>((resolve) => {
      this.#waiting.set(id, resolve);
      socket.write(JSON.stringify({ id, method: command, params: words }));
    });
    return answer?.error === null;
  }

  /** Ends the connection; what waits for an answer gets none. */
  close(): void {
    this.#socket?.destroy();
  }

  async #connect(): Promise<Socket | undefined> {
    const socket = connect(this.#path);
    const isThere = await once(socket, 'connect').then(
      () => true,
      () => false,
    );
    if (!isThere) return undefined;
    this.#socket = socket;
    this.#text = '';
    socket.on('error', () => socket.destroy());
    socket.setEncoding('utf8').on('data', (chunk: string) => {
      this.#take(chunk);
    });
    socket.once('close', () => {
      if (this.#socket === socket) this.#socket = undefined;
      for (const resolve of this.#waiting.values()) resolve(undefined);
      this.#waiting.clear();
    });
    return socket;
  }

  /** JSON values one after the other, which end where their braces are balanced; no answer that we ask for has braces in its text. */
  #take(chunk: string): void {
    this.#text += chunk;
    for (let end = this.#text.indexOf('}'); end >= 0; end = this.#text.indexOf('}')) {
      const answer = JSON.parse(this.#text.slice(0, end + 1)) as Answer; // RFC 7047, 4.1: the program's answer
      this.#text = this.#text.slice(end + 1);
      this.#waiting.get(answer.id)?.(answer);
      this.#waiting.delete(answer.id);
    }
  }
}
