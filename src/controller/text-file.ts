// Files that people write: their text and their YAML, or one line that says why not.
import { readFileSync } from 'node:fs';
import { parse } from 'yaml';

/** A file that cannot be used at all: which, and why. */
export class FileError extends Error {
  override readonly name = 'FileError';
  readonly code = 'FILE';
  readonly path: string;
  readonly reason: string;

  constructor(path: string, reason: string) {
    super(`${path}: ${reason}`);
    this.path = path;
    this.reason = reason;
  }
}

const reasons: ReadonlyMap<unknown, string> = new Map([
  ['ENOENT', 'there is no such file'],
  ['EISDIR', 'is a folder'],
  ['EACCES', 'we may not read it'],
]);

/** A file's name as messages have it. */
export const fileName = (path: string): string => (path === '-' ? 'standard input' : path);

/** The text of a file; `-` is standard input. Throws FileError. */
export function readText(path: string): string {
  try {
    return readFileSync(path === '-' ? 0 : path, 'utf8');
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    throw new FileError(fileName(path), reasons.get('code' in error ? error.code : undefined) ?? error.message);
  }
}

/** What a file of one YAML document says; JSON is YAML too. Throws FileError, with line and column of what is no YAML. */
export function readYaml(path: string): unknown {
  const text = readText(path);
  try {
    return parse(text);
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    throw new FileError(fileName(path), `is not YAML: ${yamlFault(error)}`);
  }
}

/** What is wrong with YAML, in one line with line and column; without the text around it, which follows in the parser's words. */
export const yamlFault = ({ message }: Error): string => (message.split('\n')[0] ?? '').replace(/:$/, '');
