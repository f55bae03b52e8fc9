// Capture files as Open vSwitch writes them (`options:tx_pcap`): little-endian pcap with microseconds.
import { existsSync, readFileSync } from 'node:fs';

const fileHeadSize = 24;
const recordHeadSize = 16;

/** The whole frames of a capture file; one that is not there yet has none. */
export function readPcap(path: string): Buffer[] {
  if (!existsSync(path)) return [];
  const bytes = readFileSync(path);
  const frames: Buffer[] = [];
  for (let at = fileHeadSize; at + recordHeadSize <= bytes.length;) {
    const end = at + recordHeadSize + bytes.readUInt32LE(at + 8);
    if (end > bytes.length) break; // still being written
    frames.push(bytes.subarray(at + recordHeadSize, end));
    at = end;
  }
  return frames;
}
