// Between a controller and the OpenFlow socket of a bridge: lets pass, cuts at a chosen message, falls silent, and counts.
import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { decode, Framer, type Message } from '../../src/ofp/index.js';

/** OFPT_PACKET_IN. */
const packetIn = 10;

/** What is waited for: a message of the controller, and what happens then; only with `true` does the message still go on. */
interface Trap {
  readonly isIt: (message: Message) => boolean;
  readonly sprung: () => boolean;
}

/** A socket in the place of a bridge's own. */
export class Between {
  readonly #server: Server;
  readonly #bridgePath: string;
  readonly #pairs = new Set<Pair>();
  #trap: Trap | undefined;
  /** So many bytes a second are taken from the controller. */
  rate = Infinity;
  /** Flow and group messages that went to the switch. */
  mods = 0;
  /** Connections that the controller has made. */
  meetings = 0;
  /** PACKET_INs that came from the switch. */
  packetIns = 0;

  private constructor(server: Server, bridgePath: string) {
    this.#server = server;
    this.#bridgePath = bridgePath;
  }

  /** Listens in the place of a bridge's socket. */
  static async open(path: string, bridgePath: string): Promise<Between> {
    const server = createServer();
    const between = new Between(server, bridgePath);
    server.on('connection', (controller) => {
      between.#meet(controller);
    });
    server.listen(path);
    await once(server, 'listening');
    return between;
  }

  /** Ends every connection at the next message of the controller that is meant; resolves when that has happened. */
  cutAt(isIt: (message: Message) => boolean, arrives: boolean, cut: () => void = () => undefined): Promise<void> {
    return new Promise((resolve) => {
      const sprung = (): boolean => {
        this.#trap = undefined;
        cut();
        resolve();
        return arrives;
      };
      this.#trap = { isIt, sprung };
    });
  }

  /** From now on nothing comes through the connections that there are, and none of them ends; new ones work. */
  silence(): void {
    for (const pair of this.#pairs) pair.isSilent = true;
  }

  /** Ends everything. */
  close(): void {
    this.#server.close();
    for (const pair of this.#pairs) pair.end();
  }

  #meet(controller: Socket): void {
    this.meetings += 1;
    const answered = (frame: Uint8Array): void => {
      if (frame[1] === packetIn) this.packetIns += 1;
    };
    const pair = new Pair(controller, connect(this.#bridgePath), (message) => this.#passes(message), answered);
    controller.on('data', (chunk) => {
      const restMs = (chunk.length / this.rate) * 1000;
      if (restMs < 1) return;
      controller.pause();
      setTimeout(() => controller.resume(), restMs);
    });
    this.#pairs.add(pair);
    controller.once('close', () => this.#pairs.delete(pair));
  }

  /** Whether the connection goes on after this message, which arrives or not. */
  #passes(message: Message): { arrives: boolean; goesOn: boolean } {
    if (message.type === 'flow_mod' || message.type === 'group_mod' || message.type === 'bundle_add') this.mods += 1;
    if (this.#trap?.isIt(message) !== true) return { arrives: true, goesOn: true };
    return { arrives: this.#trap.sprung(), goesOn: false };
  }
}

/** One connection: the controller's side and the bridge's. */
class Pair {
  readonly #controller: Socket;
  readonly #bridge: Socket;
  isSilent = false;

  constructor(
    controller: Socket,
    bridge: Socket,
    passes: (message: Message) => { arrives: boolean; goesOn: boolean },
    answered: (frame: Uint8Array) => void,
  ) {
    this.#controller = controller;
    this.#bridge = bridge;
    const [framer, answers] = [new Framer(), new Framer()];
    controller.on('data', (chunk) => {
      if (this.isSilent || bridge.destroyed) return;
      for (const frame of framer.push(chunk)) {
        const { arrives, goesOn } = passes(decode(frame).message);
        if (arrives) bridge.write(frame);
        if (!goesOn) {
          this.end();
          return;
        }
      }
    });
    bridge.on('data', (chunk) => {
      if (this.isSilent) return;
      for (const frame of answers.push(chunk)) answered(frame);
      controller.write(chunk);
    });
    controller
      .on('error', () => controller.destroy())
      .once('close', () => {
        this.end();
      });
    bridge
      .on('error', () => bridge.destroy())
      .once('close', () => {
        if (!this.isSilent) this.end();
      });
  }

  /** Ends both sides; what was written still arrives. */
  end(): void {
    this.isSilent = true;
    this.#bridge.end();
    this.#controller.destroy();
  }
}
