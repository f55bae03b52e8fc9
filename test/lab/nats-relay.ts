// Between a client and a nats-server: what consumers deliver comes twice, late, in another order, or not at all, as long as that is
// asked for. Everything else passes as it is.
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

/** What becomes of a delivery. */
export type Fate = 'passes' | 'lost' | 'twice' | 'late';

/** How long a late one is held back, in milliseconds: others overtake it. */
const lateMs = 40;

/** A server in the place of a nats-server. */
export class NatsRelay {
  readonly #server: Server;
  readonly #target: number;
  readonly #sockets = new Set<Socket>();
  /** Decides over each delivery. */
  fate: () => Fate = () => 'passes';
  /** What has become of deliveries so far. */
  readonly counts: Record<Fate, number> = { passes: 0, lost: 0, twice: 0, late: 0 };

  private constructor(server: Server, target: number) {
    this.#server = server;
    this.#target = target;
  }

  /** Listens on a free port in front of the server at `target` of this machine. */
  static async open(target: number): Promise<NatsRelay> {
    const server = createServer();
    const relay = new NatsRelay(server, target);
    server.on('connection', (client) => {
      relay.#meet(client);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return relay;
  }

  /** What a client is told. */
  get url(): string {
    const { port } = this.#server.address() as AddressInfo; // it listens on TCP
    return `nats://127.0.0.1:${port}`;
  }

  /** Ends everything. */
  close(): void {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
  }

  #meet(client: Socket): void {
    const server = connect(this.#target, '127.0.0.1');
    const protocol = new Protocol();
    client.pipe(server);
    server.on('data', (chunk) => {
      for (const frame of protocol.push(chunk)) this.#pass(frame, client);
    });
    for (const [one, other] of [
      [client, server],
      [server, client],
    ] as const) {
      this.#sockets.add(one);
      one.on('error', () => one.destroy());
      one.once('close', () => {
        this.#sockets.delete(one);
        other.destroy();
      });
    }
  }

  #pass(frame: Buffer, client: Socket): void {
    const write = (): void => {
      if (!client.destroyed) client.write(frame);
    };
    if (!isDelivery(frame)) {
      write();
      return;
    }
    const fate = this.fate();
    this.counts[fate] += 1;
    if (fate === 'late') setTimeout(write, lateMs);
    else if (fate !== 'lost') write();
    if (fate === 'twice') write();
  }
}

/** Cuts what a server sends into its messages: a line, and for MSG and HMSG so many bytes as its last word says, and CR LF. */
class Protocol {
  #rest: Buffer = Buffer.alloc(0);

  *push(chunk: Buffer): Generator<Buffer> {
    this.#rest = Buffer.concat([this.#rest, chunk]);
    for (let size = sizeOf(this.#rest); size !== undefined && size <= this.#rest.length; size = sizeOf(this.#rest)) {
      yield this.#rest.subarray(0, size);
      this.#rest = this.#rest.subarray(size);
    }
  }
}

function sizeOf(bytes: Buffer): number | undefined {
  const end = bytes.indexOf('\r\n');
  if (end < 0) return undefined;
  const words = bytes.toString('latin1', 0, end).split(' ');
  const hasPayload = words[0] === 'MSG' || words[0] === 'HMSG';
  return end + 2 + (hasPayload ? Number(words.at(-1)) + 2 : 0);
}

/** Whether a message is one that a consumer delivers, which its reply subject says; heartbeats and answers are none. */
const isDelivery = (frame: Buffer): boolean => / \$JS\.ACK\./.test(frame.toString('latin1', 0, frame.indexOf('\r\n')));
