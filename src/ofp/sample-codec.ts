// The sample action on the wire (ovs-actions(7): sample), in three generations.
import type { Action, Sample } from './action-types.js';
import { reservedPort } from './constants.js';
import { begin, finish, nicira, port16, port32 } from './nicira-header.js';
import type { Reader } from './reader.js';
import type { Writer } from './writer.js';

const directions = [undefined, 'ingress', 'egress'] as const;

/** Writes a sample, of the oldest generation that can say it. */
export function writeSample(w: Writer, action: Sample): void {
  const { samplingPort, direction } = action;
  const subtype = direction ? nicira.sample3 : samplingPort === undefined ? nicira.sample : nicira.sample2;
  const start = begin(w, subtype);
  w.u16(action.probability);
  w.u32(action.collectorSetId);
  w.u32(action.obsDomainId);
  w.u32(action.obsPointId);
  if (subtype !== nicira.sample) {
    w.u16(port16(samplingPort ?? reservedPort.any));
    w.u8(directions.indexOf(direction));
    w.zeros(5);
  }
  finish(w, start);
}

/** Reads a sample; undefined for a direction that is none. */
export function readSample(r: Reader, subtype: number): Action | undefined {
  const [probability, collectorSetId, obsDomainId, obsPointId] = [r.u16(), r.u32(), r.u32(), r.u32()];
  const base = { type: 'sample', probability, collectorSetId, obsDomainId, obsPointId } as const;
  if (subtype === nicira.sample) return base;
  const samplingPort = port32(r.u16());
  if (subtype === nicira.sample2) return { ...base, samplingPort };
  const direction = directions[r.u8()];
  return direction && { ...base, samplingPort, direction };
}
