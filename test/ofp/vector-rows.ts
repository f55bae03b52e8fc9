// Files of vectors, one row to a line: hex and text with tabs between them, below the lines that say who made it and how.
import { readFileSync } from 'node:fs';

/** What a file holds. */
export interface VectorRows {
  /** The program that made it, with its version. */
  readonly producer: string;
  /** How it was made, and what is not as it was made. */
  readonly command: string;
  readonly rows: readonly (readonly string[])[];
}

const folder = new URL('../../../test/ofp/vectors/', import.meta.url);

/** The path of a file of vectors. */
export const vectorPath = (name: string): string => new URL(`${name}.tsv`, folder).pathname;

/** Reads a file of vectors. */
export function vectorRows(name: string): VectorRows {
  const lines = readFileSync(vectorPath(name), 'utf8').trimEnd().split('\n');
  const said = (what: string) => lines.find((line) => line.startsWith(`# ${what}: `))?.slice(what.length + 4) ?? '';
  const rows = lines.filter((line) => !line.startsWith('#')).map((line) => line.split('\t'));
  return { producer: said('producer'), command: said('command'), rows };
}

/** The text of such a file. */
export const vectorText = ({ producer, command, rows }: VectorRows): string =>
  [`# producer: ${producer}`, `# command: ${command}`, ...rows.map((row) => row.join('\t'))].join('\n') + '\n';
