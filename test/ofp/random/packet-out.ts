// Random packet_outs that a real switch survives: its own datapath ends at some actions around encap and decap.
import { noBuffer, reservedPort, type Action, type PacketOut } from '../../../src/ofp/index.js';
import { randomActions } from './actions.js';
import type { Chance } from './chance.js';
import { randomSubject } from './match.js';

const ports = [0, 1, 0xfeff, 0xff00, 0x1_0000, ...Object.values(reservedPort)];

const isHarmless = (action: Action): boolean =>
  action.type === 'clone'
    ? action.actions.every(isHarmless)
    : action.type !== 'encap' && action.type !== 'decap' && action.type !== 'learn';

/** A packet_out; once in `wildness` its port or an action is any that fits the bytes (0: never). */
export function randomPacketOut(chance: Chance, wildness: number): PacketOut {
  const isWild = wildness > 0 && chance.oneIn(wildness);
  const setting = { chance, subject: randomSubject(chance), wildness, depth: 2 };
  return {
    type: 'packet_out',
    bufferId: noBuffer,
    inPort: isWild ? chance.pick(ports) : 1,
    actions: randomActions(setting, 3).filter(isHarmless),
    data: new Uint8Array(60),
  };
}
