// Structures of fixed size on the decode side, as binary-parser declares them. Callers give exactly `size` bytes: the
// parser itself does not mind too few.
import { Parser } from 'binary-parser';
import type { PortStats } from './multipart-types.js';

/** Bytes of a port's counters. */
export const portStatsSize = 112;

// The names and types are those of PortStats; the padding has none.
const portStatsParser = new Parser()
  .endianess('big')
  .uint32('portNo')
  .seek(4)
  .uint64('rxPackets')
  .uint64('txPackets')
  .uint64('rxBytes')
  .uint64('txBytes')
  .uint64('rxDropped')
  .uint64('txDropped')
  .uint64('rxErrors')
  .uint64('txErrors')
  .uint64('rxFrameErr')
  .uint64('rxOverErr')
  .uint64('rxCrcErr')
  .uint64('collisions')
  .uint32('durationSec')
  .uint32('durationNsec');

/** Reads a port's counters from exactly `portStatsSize` bytes. */
export const parsePortStats = (bytes: Uint8Array): PortStats => portStatsParser.parse(bytes);
