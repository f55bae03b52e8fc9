// `npm run vectors`: has ovs-ofctl encode and print, and ovs-vswitchd say again, what is in test/ofp/vectors/, and shows what
// differs; with --write the files take what they say now.
import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { recordDumps, type DumpRow } from './dump-vectors.js';
import { recordingSwitch } from './recording-switch.js';

interface Row {
  readonly command: string;
  readonly argument: string;
  frames: string[];
}
/** A frame and what ovs-ofctl prints for it. */
interface PrintRow {
  readonly argument: string;
  readonly frame: string;
  text: string;
}
interface Vectors<R> {
  producer: string;
  readonly command: string;
  readonly rows: R[];
}

const run = promisify(execFile);
const folder = new URL('../../test/ofp/vectors/', import.meta.url).pathname;
const xidOffset = 8;
const xidDigits = 8;
// ovs-ofctl counts its xids up from 2 in an order that depends on what it asks first: they are not part of a vector.
const withoutXid = (hex: string) => hex.slice(0, xidOffset) + '0'.repeat(xidDigits) + hex.slice(xidOffset + xidDigits);

// One argument of ovs-ofctl; what it refuses is shown and has no frames.
async function say(socket: string, { command, argument }: Row): Promise<void> {
  try {
    const end = argument ? [argument] : [];
    await run('ovs-ofctl', ['-O', 'OpenFlow13', '--no-names', command, `unix:${socket}`, ...end], { timeout: 10_000 });
  } catch (error) {
    process.stdout.write(`${command} ${argument}: ${error instanceof Error ? error.message : String(error)}\n`);
  }
}

interface Named {
  readonly argument: string;
}

function compare(name: string, before: readonly Named[], after: readonly Named[]): number {
  let differences = 0;
  for (const [i, row] of after.entries()) {
    const [was, is] = [JSON.stringify(before[i]), JSON.stringify(row)];
    if (was === is) continue;
    differences++;
    process.stdout.write(`${name}: ${row.argument}\n  was ${was}\n  is  ${is}\n`);
  }
  return differences;
}

async function recordFrames(rows: readonly Row[]): Promise<void> {
  const temporary = await mkdtemp(join(tmpdir(), 'damselfly-vectors-'));
  const socket = join(temporary, 'switch');
  const { server, taken } = await recordingSwitch(socket);
  try {
    for (const row of rows) {
      await say(socket, row);
      row.frames = taken().map(withoutXid);
    }
  } finally {
    server.close();
    await rm(temporary, { recursive: true, force: true });
  }
}

async function recordPrints(rows: readonly PrintRow[]): Promise<void> {
  for (const row of rows) row.text = (await run('ovs-ofctl', ['ofp-print', row.frame])).stdout;
}

async function record<R extends Named>(
  name: string,
  write: boolean,
  vectors: Vectors<R>,
  again: (rows: R[]) => Promise<void>,
): Promise<number> {
  const rows = structuredClone(vectors.rows);
  await again(rows);
  const producer = (await run('ovs-ofctl', ['--version'])).stdout.split('\n')[0] ?? '';
  if (write) await writeFile(join(folder, name), JSON.stringify({ ...vectors, producer, rows }, null, 2) + '\n');
  return compare(name, vectors.rows, rows);
}

const dumps = (kind: 'flow' | 'group') => async (rows: DumpRow[]) => {
  for (const refusal of await recordDumps(rows, kind)) process.stdout.write(`refused: ${refusal}\n`);
};

// The vectors are our own files, of the type that their name says.
const read = async (name: string) => JSON.parse(await readFile(join(folder, name), 'utf8')) as unknown;

async function recordFile(name: string, write: boolean): Promise<number> {
  const vectors = await read(name);
  if (name.startsWith('ovs-ofctl-')) return record(name, write, vectors as Vectors<Row>, recordFrames);
  if (name === 'ovs-print.json') return record(name, write, vectors as Vectors<PrintRow>, recordPrints);
  const kind = name === 'ovs-vswitchd-groups.json' ? 'group' : 'flow';
  return record(name, write, vectors as Vectors<DumpRow>, dumps(kind));
}

async function main(write: boolean): Promise<number> {
  let differences = 0;
  const names = (await readdir(folder)).filter((file) => /^ovs-.*\.json$/.test(file)).sort();
  for (const name of names) differences += await recordFile(name, write);
  process.stdout.write(`${differences} differences\n`);
  return write || differences === 0 ? 0 : 1;
}

process.exitCode = await main(process.argv.includes('--write'));
