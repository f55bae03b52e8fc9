// Messages that carry packets: packet_in and packet_out.
import { readActions, writeActions } from './action-codec.js';
import { readMatch, writeMatch } from './match-codec.js';
import type { BodyCodec } from './message-codec.js';
import type { PacketIn, PacketOut } from './messages.js';

/** OFPT_PACKET_IN. The data is a view of the frame. */
export const packetInCodec: BodyCodec<PacketIn> = {
  number: 10,
  write(w, message) {
    w.u32(message.bufferId);
    w.u16(message.totalLen);
    w.u8(message.reason);
    w.u8(message.table);
    w.u64(message.cookie);
    writeMatch(w, message.match);
    w.zeros(2);
    w.bytes(message.data);
  },
  read(r) {
    const [bufferId, totalLen, reason, table, cookie] = [r.u32(), r.u16(), r.u8(), r.u8(), r.u64()];
    const match = readMatch(r);
    r.skip(2);
    return { type: 'packet_in', bufferId, totalLen, reason, table, cookie, match, data: r.rest() };
  },
};

/** OFPT_PACKET_OUT. The data is a view of the frame. */
export const packetOutCodec: BodyCodec<PacketOut> = {
  number: 13,
  write(w, message) {
    w.u32(message.bufferId);
    w.u32(message.inPort);
    const sizeAt = w.size;
    w.u16(0);
    w.zeros(6);
    const start = w.size;
    writeActions(w, message.actions);
    w.patchSize(start, sizeAt);
    w.bytes(message.data);
  },
  read(r) {
    const [bufferId, inPort, actionsSize] = [r.u32(), r.u32(), r.u16()];
    r.skip(6);
    const actions = readActions(r.sub(actionsSize, 'packet_out actions'));
    return { type: 'packet_out', bufferId, inPort, actions, data: r.rest() };
  },
};
