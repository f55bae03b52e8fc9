// What a switch says without being asked: ports that change, packets, errors of messages without a reply, and the rest.
import type { Message, PacketIn, PortDesc } from '../ofp/index.js';
import { switchError, type SwitchError } from './errors.js';
import { portLimit } from './handshake.js';
import { markerNonce } from './marker.js';
import { rollCallOf, type RollCall } from './roll-call.js';
import { signal } from './signal.js';

/** A port appeared, changed or went. */
export interface PortChange {
  readonly reason: 'add' | 'delete' | 'modify';
  readonly port: PortDesc;
}

/** The ports of one bridge as they change, and the events of its connection. */
export class Unasked {
  readonly ports: Map<number, PortDesc>;
  readonly portChanges = signal<PortChange>();
  readonly packetIns = signal<PacketIn>();
  readonly errors = signal<SwitchError>();
  readonly markers = signal<string>();
  readonly rollCalls = signal<RollCall>();
  readonly others = signal<Message>();

  constructor(ports: ReadonlyMap<number, PortDesc>) {
    this.ports = new Map(ports);
  }

  /** Takes what never answers a request; false for everything else. */
  takeEvent(message: Message): boolean {
    if (message.type === 'port_status') this.#portChanged(message);
    else if (message.type === 'packet_in') this.#packetIn(message);
    else return false;
    return true;
  }

  /** Takes what could have answered a request and did not. */
  takeStray(xid: number, message: Message): void {
    if (message.type === 'error') this.errors.emit(switchError(xid, message));
    else if (message.type !== 'echo_reply') this.others.emit(message);
  }

  #portChanged({ reason, port }: PortChange): void {
    if (reason === 'delete') this.ports.delete(port.portNo);
    else if (this.ports.has(port.portNo) || this.ports.size < portLimit) this.ports.set(port.portNo, port);
    this.portChanges.emit({ reason, port });
  }

  #packetIn(packetIn: PacketIn): void {
    const nonce = markerNonce(packetIn);
    const rollCall = rollCallOf(packetIn);
    if (nonce !== undefined) this.markers.emit(nonce);
    else if (rollCall !== undefined) this.rollCalls.emit(rollCall);
    else this.packetIns.emit(packetIn);
  }
}
