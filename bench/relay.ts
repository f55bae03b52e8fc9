// A socket between a controller and its bridge that passes on what both say, and notes when the controller says HELLO and how
// often it asks for a change: what went over the wire, told by neither end.
import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { experimenterId, Framer, headerOf } from '../src/ofp/index.js';
import { makeWorkDirectory, removeWorkDirectory } from '../test/lab/work-directory.js';
import { nowMs } from './site.js';

/** Messages that change what a switch forwards (OpenFlow 1.3.5, 7.1): FLOW_MOD, GROUP_MOD, PORT_MOD, TABLE_MOD, METER_MOD. */
const changing = new Set([14, 15, 16, 17, 29]);
const types = { hello: 0, experimenter: 4 } as const;
/** The ONF's message that puts another one into a bundle. */
const bundleAddType = 2301;

/** The socket of one bridge, in a folder of its own. */
export class Relay {
  /** Where the controller finds the bridge's socket. */
  readonly dir = makeWorkDirectory();
  /** When the controller said HELLO last. */
  helloMs = NaN;
  /** Messages that change something, since the relay was opened. */
  changes = 0;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(remote: string) {
    this.#server = createServer((controller) => {
      this.#join(controller, connect(remote));
    });
  }

  /** Listens as the management socket of a bridge whose own is `unix:PATH`. */
  static async open(bridge: string, remote: string): Promise<Relay> {
    const relay = new Relay(remote.replace(/^unix:/, ''));
    relay.#server.listen(join(relay.dir, `${bridge}.mgmt`));
    await once(relay.#server, 'listening');
    return relay;
  }

  /** Ends all connections. */
  close(): void {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
    removeWorkDirectory(this.dir);
  }

  #join(controller: Socket, bridge: Socket): void {
    const framer = new Framer();
    controller.on('data', (chunk) => {
      bridge.write(chunk);
      for (const frame of framer.push(chunk)) this.#note(frame);
    });
    bridge.pipe(controller);
    for (const [one, other] of [
      [controller, bridge],
      [bridge, controller],
    ] as const) {
      this.#sockets.add(one);
      one.on('error', () => undefined); // 'close' follows
      one.on('close', () => {
        this.#sockets.delete(one);
        other.destroy();
      });
    }
  }

  #note(frame: Uint8Array): void {
    const { type } = headerOf(frame);
    if (type === types.hello) this.helloMs = nowMs();
    else if (changing.has(type) || (type === types.experimenter && isBundleAdd(frame))) this.changes++;
  }
}

function isBundleAdd(frame: Uint8Array): boolean {
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
  return view.getUint32(8) === experimenterId.onf && view.getUint32(12) === bundleAddType;
}
