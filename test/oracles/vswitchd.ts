// A real ovs-vswitchd as a judge: which frames it takes, and the error that it names for the others.
import { connect, type Socket } from 'node:net';
import {
  allTables,
  decode,
  encode,
  errorName,
  flowMod,
  flowSelection,
  Framer,
  hexOf,
  rawFlowStats,
  type FlowStats,
  type Message,
} from '../../src/ofp/index.js';
import { Ovs, type BridgeOptions } from '../lab/ovs.js';

/** The switch's answer to one frame: the name of its error, undefined where it had none. */
export type Verdict = string | undefined;

const barrierXid = 0xf000_0000;
const batchLength = 200;
const deadlineMs = 10_000;

const cleared: readonly Message[] = [
  flowMod({ command: 'delete', table: allTables, priority: 0, match: {}, instructions: [] }),
  { type: 'group_mod', command: 'delete', groupType: 'all', groupId: 0xffff_fffc, buckets: [] },
];
const groups = [1, 2, 3].map(
  (groupId) => ({ type: 'group_mod', command: 'add', groupType: 'all', groupId, buckets: [] }) as const,
);

function stamped(frame: Uint8Array, xid: number): Uint8Array {
  const copy = frame.slice();
  new DataView(copy.buffer).setUint32(4, xid);
  return copy;
}

/** A switch with ports 1 to 3, groups 1 to 3, meter 5 and two Geneve options; `close` ends it. */
export class SwitchOracle {
  readonly ovs: Ovs;
  readonly #socket: Socket;
  readonly #errors = new Map<number, string>();
  #dump: Uint8Array[] = [];
  #barrier: (() => void) | undefined;
  #failed: ((error: Error) => void) | undefined;

  private constructor(ovs: Ovs, socket: Socket) {
    this.ovs = ovs;
    this.#socket = socket;
    const framer = new Framer();
    socket.on('data', (chunk) => {
      for (const frame of framer.push(chunk)) this.#take(frame);
    });
    socket.on('error', (error) => this.#failed?.(error));
    socket.on('close', () => this.#failed?.(new Error('the switch closed the connection')));
  }

  /** Starts the switch and says hello. */
  static async start(bridge: BridgeOptions = {}): Promise<SwitchOracle> {
    const ovs = await Ovs.start({ datapath: 'dummy' });
    await ovs.addBridge('br0', bridge);
    for (const port of [1, 2, 3]) await ovs.addPort('br0', `p${port}`, { type: 'dummy', ofport: port });
    await ovs.ofctl([
      'add-tlv-map',
      'br0',
      '{class=0x102,type=1,len=4}->tun_metadata0,{class=0x102,type=2,len=8}->tun_metadata1',
    ]);
    await ovs.ofctl(['add-meter', 'br0', 'meter=5,kbps,band=type=drop,rate=9']);
    const socket = connect(ovs.management('br0').replace('unix:', ''));
    socket.write(encode({ type: 'hello', versions: [4] }, 1));
    const oracle = new SwitchOracle(ovs, socket);
    await oracle.#sync();
    return oracle;
  }

  #take(frame: Uint8Array): void {
    const { xid, message } = decode(frame);
    if (message.type === 'error')
      this.#errors.set(xid, errorName(message.errorType, message.code, message.experimenter));
    else if (message.type === 'echo_request')
      this.#socket.write(encode({ type: 'echo_reply', data: message.data }, xid));
    else if (message.type === 'multipart_reply') this.#dump.push(frame.slice());
    else if (message.type === 'barrier_reply' && xid === barrierXid) this.#barrier?.();
  }

  async #sync(): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => {
        reject(new Error('the switch does not answer'));
      }, deadlineMs);
      const end = (then: () => void) => () => {
        clearTimeout(timer);
        then();
      };
      this.#barrier = end(resolve);
      this.#failed = (error) => {
        end(() => {
          reject(error);
        })();
      };
      this.#socket.write(encode({ type: 'barrier_request' }, barrierXid));
    });
    this.#barrier = this.#failed = undefined;
  }

  /** Sends each frame and gives the switch's answers in order. Flows and groups are as they were at the start, every 200 frames. */
  async verdicts(frames: readonly Uint8Array[]): Promise<Verdict[]> {
    const found: Verdict[] = [];
    for (let at = 0; at < frames.length; at += batchLength) {
      this.#socket.cork();
      for (const message of [...cleared, ...groups]) this.#socket.write(encode(message, 0));
      const batch = frames.slice(at, at + batchLength);
      this.#errors.clear();
      for (const [i, frame] of batch.entries()) this.#socket.write(stamped(frame, i + 1));
      this.#socket.uncork();
      await this.#sync();
      found.push(...batch.map((_, i) => this.#errors.get(i + 1)));
    }
    return found;
  }

  /** Gives the switch flow_mods of different cookies, and tells by cookie the match and instructions that it then says it holds. */
  async held(frames: readonly Uint8Array[]): Promise<Map<bigint, string>> {
    this.#socket.cork();
    for (const message of [...cleared, ...groups]) this.#socket.write(encode(message, 0));
    for (const frame of frames) this.#socket.write(frame);
    this.#dump = [];
    this.#socket.write(encode({ type: 'multipart_request', kind: 'flow', ...flowSelection() }, 0));
    this.#socket.uncork();
    await this.#sync();
    return new Map(
      this.#dump.flatMap((frame) =>
        [...rawFlowStats(frame)].map(({ cookie, match, instructions }) => [cookie, hexOf(match) + hexOf(instructions)]),
      ),
    );
  }

  /** The flows of the last dump, as we read them. */
  entries(): FlowStats[] {
    return this.#dump.flatMap((frame) => {
      const { message } = decode(frame);
      return message.type === 'multipart_reply' && message.kind === 'flow' ? message.entries : [];
    });
  }

  /** Ends the connection and the switch. */
  async close(): Promise<void> {
    this.#socket.destroy();
    await this.ovs.close();
  }
}
