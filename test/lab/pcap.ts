// Capture files as Open vSwitch writes them (`options:tx_pcap`): little-endian pcap with microseconds.
import { closeSync, existsSync, fstatSync, openSync, readFileSync, readSync } from 'node:fs';

const fileHeadSize = 24;
const recordHeadSize = 16;

/** The whole records from an offset on, and the offset behind them: one may still be being written. */
function recordsOf(bytes: Buffer, start: number): { frames: Buffer[]; end: number } {
  const frames: Buffer[] = [];
  let at = start;
  while (at + recordHeadSize <= bytes.length) {
    const end = at + recordHeadSize + bytes.readUInt32LE(at + 8);
    if (end > bytes.length) break;
    frames.push(bytes.subarray(at + recordHeadSize, end));
    at = end;
  }
  return { frames, end: at };
}

/** The whole frames of a capture file; one that is not there yet has none. */
export function readPcap(path: string): Buffer[] {
  return existsSync(path) ? recordsOf(readFileSync(path), fileHeadSize).frames : [];
}

/** A capture file that grows. */
export class GrowingPcap {
  readonly #path: string;
  #read = fileHeadSize;

  constructor(path: string) {
    this.#path = path;
  }

  /** The whole frames that have come since the last time. */
  next(): Buffer[] {
    if (!existsSync(this.#path)) return [];
    const file = openSync(this.#path, 'r');
    try {
      const bytes = Buffer.alloc(Math.max(0, fstatSync(file).size - this.#read));
      const size = readSync(file, bytes, 0, bytes.length, this.#read);
      const { frames, end } = recordsOf(bytes.subarray(0, size), 0);
      this.#read += end;
      return frames;
    } finally {
      closeSync(file);
    }
  }
}
