// What Open vSwitch would refuse in a meter_mod.
import type { MessageOf } from './message-codec.js';
import { refuse, type Refusal } from './refusal.js';

const flag = { kbps: 1, pktps: 2 } as const;
const allFlags = 0x0f;
const greatestMeter = 0xffff_0000;
/** OFPM_SLOWPATH and OFPM_CONTROLLER. */
const specialMeters: ReadonlySet<number> = new Set([0xffff_fffd, 0xffff_fffe]);

/** The first thing in a meter_mod that Open vSwitch would refuse; undefined if it would take it. */
export function validateMeterMod({ command, flags, meterId, bands }: MessageOf<'meter_mod'>): Refusal | undefined {
  if (command === 'delete') return undefined;
  if (meterId === 0 || (meterId > greatestMeter && !specialMeters.has(meterId)))
    return refuse('OFPMMFC_INVALID_METER', `meter ${meterId}`);
  const hasOneUnit = Boolean(flags & flag.kbps) !== Boolean(flags & flag.pktps);
  if (!hasOneUnit || flags > allFlags) return refuse('OFPMMFC_BAD_FLAGS', `meter with flags ${flags}`);
  return bands.some(({ type }) => type === 'unknown') ? refuse('OFPMMFC_BAD_BAND', 'a band is unknown') : undefined;
}
