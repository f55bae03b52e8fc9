// Messages about flows: flow_mod and flow_removed.
import { readInstructions, writeInstructions } from './instruction-codec.js';
import { readMatch, writeMatch } from './match-codec.js';
import { numberIn, type BodyCodec } from './message-codec.js';
import type { FlowMod, FlowModCommand, FlowRemoved } from './messages.js';

const commands: readonly FlowModCommand[] = ['add', 'modify', 'modify_strict', 'delete', 'delete_strict'];

/** OFPT_FLOW_MOD. */
export const flowModCodec: BodyCodec<FlowMod> = {
  number: 14,
  write(w, message) {
    w.u64(message.cookie);
    w.u64(message.cookieMask);
    w.u8(message.table);
    w.u8(numberIn(commands, message.command));
    w.u16Pair(message.idleTimeout, message.hardTimeout);
    w.u16(message.priority);
    w.u32Pair(message.bufferId, message.outPort);
    w.u32(message.outGroup);
    w.u16Pair(message.flags, 0);
    writeMatch(w, message.match);
    writeInstructions(w, message.instructions);
  },
  read(r) {
    const [cookie, cookieMask, table, command] = [r.u64(), r.u64(), r.u8(), commands[r.u8()]];
    const [idleTimeout, hardTimeout, priority] = [r.u16(), r.u16(), r.u16()];
    const [bufferId, outPort, outGroup, flags] = [r.u32(), r.u32(), r.u32(), r.u16()];
    r.skip(2);
    const match = readMatch(r);
    const instructions = readInstructions(r);
    if (!command) return undefined;
    return {
      type: 'flow_mod',
      command,
      cookie,
      cookieMask,
      table,
      priority,
      idleTimeout,
      hardTimeout,
      flags,
      outPort,
      outGroup,
      bufferId,
      match,
      instructions,
    };
  },
};

/** OFPT_FLOW_REMOVED. */
export const flowRemovedCodec: BodyCodec<FlowRemoved> = {
  number: 11,
  write(w, message) {
    w.u64(message.cookie);
    w.u16(message.priority);
    w.u8(message.reason);
    w.u8(message.table);
    w.u32(message.durationSec);
    w.u32(message.durationNsec);
    w.u16(message.idleTimeout);
    w.u16(message.hardTimeout);
    w.u64(message.packetCount);
    w.u64(message.byteCount);
    writeMatch(w, message.match);
  },
  read(r) {
    const [cookie, priority, reason, table] = [r.u64(), r.u16(), r.u8(), r.u8()];
    const [durationSec, durationNsec, idleTimeout, hardTimeout] = [r.u32(), r.u32(), r.u16(), r.u16()];
    const [packetCount, byteCount, match] = [r.u64(), r.u64(), readMatch(r)];
    const times = { durationSec, durationNsec, idleTimeout, hardTimeout };
    return { type: 'flow_removed', cookie, priority, reason, table, ...times, packetCount, byteCount, match };
  },
};
