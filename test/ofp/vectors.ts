// The frames that ovs-ofctl and ovs-vswitchd made, from test/ofp/vectors/.
import { readFileSync } from 'node:fs';

/** One argument of ovs-ofctl and the frames it sent. */
export interface Vector {
  readonly command: string;
  readonly argument: string;
  readonly frames: readonly string[];
}

/** The vectors of one file. */
export function vectors(name: string): readonly Vector[] {
  const url = new URL(`../../../test/ofp/vectors/${name}.json`, import.meta.url);
  // The files are our own.
  return (JSON.parse(readFileSync(url, 'utf8')) as { rows: Vector[] }).rows;
}

/** Hex as bytes. */
export const bytesOf = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex, 'hex'));

/** Every frame that ovs-ofctl made. */
export const ofctlFrames = (): string[] =>
  ['ovs-ofctl-flows', 'ovs-ofctl-messages'].flatMap((name) => vectors(name).flatMap(({ frames }) => frames));

/** A flow or group that ovs-vswitchd was told, and how it said it again. */
export interface Dump {
  readonly argument: string;
  readonly text: string;
  readonly frame: string;
}

/** The dumps of one file. */
export function dumps(name: string): readonly Dump[] {
  const url = new URL(`../../../test/ofp/vectors/${name}.json`, import.meta.url);
  // The files are our own.
  return (JSON.parse(readFileSync(url, 'utf8')) as { rows: Dump[] }).rows;
}
