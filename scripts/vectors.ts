// `npm run vectors`: has ovs-ofctl encode and print, and ovs-vswitchd say again, what is in test/ofp/vectors/, and shows what
// differs; with --write the files take what they say now. Of flows, and of requests that are refused, those are said again that a
// file has; without the file random ones are drawn.
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { vectorPath, vectorRows, vectorText } from '../test/ofp/vector-rows.js';
import { script } from './asked.js';
import { recordDumps, type DumpRow } from './dump-vectors.js';
import { drawErrors, recordErrors } from './error-vectors.js';
import { recordErrorNumbers, recordFields } from './fact-vectors.js';
import { drawFlows, recordFlows } from './flow-vectors.js';
import { recordingSwitch } from './recording-switch.js';
import { recordSession } from './session-vectors.js';
import { withoutXid } from './unsteady.js';

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

const drawn = { flows: 1000, errors: 8000, errorsOfOneName: 40, seed: 2026, flowsOfSession: 150 } as const;
const vswitchd = 'ovs-vswitchd with a dummy datapath, over OpenFlow 1.3';

/** A file of rows: what is said of it, and how its rows are made again from those that it has, if it has any. */
interface RowFile {
  readonly command: string;
  readonly again: (before: readonly (readonly string[])[]) => Promise<string[][]>;
}

const first = (rows: readonly (readonly string[])[]) => rows.map(([start = '']) => start);
const rowFiles: Readonly<Record<string, RowFile>> = {
  'ovs-error-numbers': {
    command: 'ovs-ofctl print-error NAME: name, experimenter, type and code over OpenFlow 1.3',
    again: async (before) => recordErrorNumbers(first(before)),
  },
  'ovs-fields': {
    command: 'man ovs-fields: name, width, masking, prerequisites, access, OXM and NXM name with number',
    again: recordFields,
  },
  'ovs-flows': {
    command: `dump-flows --no-stats of ${vswitchd}; add-flows of that by ovs-ofctl (xid 0); its entry in the flow dump (duration 0)`,
    again: async (before) => recordFlows(before.length > 0 ? first(before) : await drawFlows(drawn.flows, drawn.seed)),
  },
  'ovs-errors': {
    command: `a request to ${vswitchd}, with its place in this file as its xid; the error; the name that ovs-ofctl ofp-print gives it`,
    again: async (before) => {
      if (before.length > 0) return recordErrors(first(before));
      return recordErrors(first(await recordErrors(await drawErrors(drawn.errors, drawn.errorsOfOneName, drawn.seed))));
    },
  },
  'ovs-session': {
    command: `what brought ${vswitchd} to say it; the message (durations and the bridge's id in a continuation 0); ovs-ofctl ofp-print of it, as JSON`,
    again: () =>
      recordSession(
        vectorRows('ovs-flows')
          .rows.slice(0, drawn.flowsOfSession)
          .map(([, sent = '']) => sent),
      ),
  },
};

async function recordRows(
  name: string,
  { command, again }: RowFile,
  producer: string,
  write: boolean,
): Promise<number> {
  const before = existsSync(vectorPath(name)) ? vectorRows(name).rows : [];
  const rows = await again(before);
  if (write) await writeFile(vectorPath(name), vectorText({ producer, command, rows }));
  let differences = Math.abs(rows.length - before.length);
  for (const [i, row] of rows.entries()) {
    const [was, is] = [before[i]?.join(' '), row.join(' ')];
    if (was === undefined || was === is) continue;
    differences++;
    process.stdout.write(`${name} ${i + 1}\n  was ${was}\n  is  ${is}\n`);
  }
  return differences;
}

async function main(write: boolean): Promise<number> {
  let differences = 0;
  const names = (await readdir(folder)).filter((file) => /^ovs-.*\.json$/.test(file)).sort();
  for (const name of names) differences += await recordFile(name, write);
  const producer = (await run('ovs-ofctl', ['--version'])).stdout.split('\n')[0] ?? '';
  for (const [name, file] of Object.entries(rowFiles)) {
    const found = await recordRows(name, file, producer, write);
    process.stdout.write(`${name}: ${found} differences\n`);
    differences += found;
  }
  process.stdout.write(`${differences} differences\n`);
  return write || differences === 0 ? 0 : 1;
}

const asked = script('vectors', 'Has Open vSwitch say again what is in test/ofp/vectors/, and shows what differs.')
  .option('--write', 'the files take what it says now')
  .parse()
  .opts<{ readonly write?: true }>();
process.exitCode = await main(asked.write === true);
