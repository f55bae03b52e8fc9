// Messages about ports and tables: port descriptions, port_status, port_mod, table_mod.
import { numberIn, type BodyCodec, type MessageOf } from './message-codec.js';
import type { Reader } from './reader.js';
import type { PortDesc } from './resource-types.js';
import type { Writer } from './writer.js';

const nameSize = 16;

/** Writes a port description. */
export function writePortDesc(w: Writer, port: PortDesc): void {
  w.u32(port.portNo);
  w.zeros(4);
  w.u48(port.hwAddr);
  w.zeros(2);
  w.text(port.name, nameSize);
  for (const bits of [port.config, port.state, port.curr, port.advertised, port.supported, port.peer]) w.u32(bits);
  w.u32(port.currSpeed);
  w.u32(port.maxSpeed);
}

/** Reads a port description. */
export function readPortDesc(r: Reader): PortDesc {
  const portNo = r.u32();
  r.skip(4);
  const hwAddr = r.u48();
  r.skip(2);
  const name = r.text(nameSize);
  const [config, state, curr, advertised, supported, peer] = [r.u32(), r.u32(), r.u32(), r.u32(), r.u32(), r.u32()];
  return {
    portNo,
    hwAddr,
    name,
    config,
    state,
    curr,
    advertised,
    supported,
    peer,
    currSpeed: r.u32(),
    maxSpeed: r.u32(),
  };
}

const reasons = ['add', 'delete', 'modify'] as const;

/** OFPT_PORT_STATUS. */
export const portStatus: BodyCodec<MessageOf<'port_status'>> = {
  number: 12,
  write(w, message) {
    w.u8(numberIn(reasons, message.reason));
    w.zeros(7);
    writePortDesc(w, message.port);
  },
  read(r) {
    const reason = reasons[r.u8()];
    r.skip(7);
    return reason && { type: 'port_status', reason, port: readPortDesc(r) };
  },
};

/** OFPT_PORT_MOD. */
export const portMod: BodyCodec<MessageOf<'port_mod'>> = {
  number: 16,
  write(w, message) {
    w.u32(message.portNo);
    w.zeros(4);
    w.u48(message.hwAddr);
    w.zeros(2);
    w.u32(message.config);
    w.u32(message.mask);
    w.u32(message.advertise);
    w.zeros(4);
  },
  read(r) {
    const portNo = r.u32();
    r.skip(4);
    const hwAddr = r.u48();
    r.skip(2);
    return { type: 'port_mod', portNo, hwAddr, config: r.u32(), mask: r.u32(), advertise: r.u32() };
  },
};

/** OFPT_TABLE_MOD. */
export const tableMod: BodyCodec<MessageOf<'table_mod'>> = {
  number: 17,
  write(w, message) {
    w.u8(message.table);
    w.zeros(3);
    w.u32(message.config);
  },
  read(r) {
    const table = r.u8();
    r.skip(3);
    return { type: 'table_mod', table, config: r.u32() };
  },
};
