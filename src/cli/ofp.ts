// `damselfly ofp`: what our codec makes of OpenFlow messages, without any switch.
import type { Command } from 'commander';
import { addEncode } from './ofp-encode.js';
import { addPrint } from './ofp-print.js';

/** Adds the commands. */
export function addOfp(program: Command): void {
  const ofp = program.command('ofp').description('print and encode OpenFlow messages, without any switch');
  addPrint(ofp);
  addEncode(ofp);
}
