// `npm run vectors`: has ovs-ofctl encode every argument in test/ofp/vectors/ovs-ofctl-*.json again and shows what differs;
// with --write the files take what ovs-ofctl says now.
import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { recordingSwitch } from './recording-switch.js';

interface Row {
  readonly command: string;
  readonly argument: string;
  frames: string[];
}
interface Vectors {
  producer: string;
  readonly command: string;
  readonly rows: Row[];
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

async function main(write: boolean): Promise<number> {
  const temporary = await mkdtemp(join(tmpdir(), 'damselfly-vectors-'));
  const socket = join(temporary, 'switch');
  const { server, taken } = await recordingSwitch(socket);
  const producer = (await run('ovs-ofctl', ['--version'])).stdout.split('\n')[0] ?? '';
  let differences = 0;
  try {
    for (const name of (await readdir(folder)).filter((file) => /^ovs-ofctl-.*\.json$/.test(file))) {
      // The files are our own.
      const vectors = JSON.parse(await readFile(join(folder, name), 'utf8')) as Vectors;
      for (const row of vectors.rows) {
        await say(socket, row);
        const frames = taken().map(withoutXid);
        if (frames.join() !== row.frames.join()) {
          differences++;
          process.stdout.write(
            `${name}: ${row.command} ${row.argument}\n  was ${row.frames.join(' ')}\n  is  ${frames.join(' ')}\n`,
          );
        }
        row.frames = frames;
      }
      if (write) await writeFile(join(folder, name), JSON.stringify({ ...vectors, producer }, null, 1) + '\n');
    }
  } finally {
    server.close();
    await rm(temporary, { recursive: true, force: true });
  }
  process.stdout.write(`${differences} differences\n`);
  return write || differences === 0 ? 0 : 1;
}

process.exitCode = await main(process.argv.includes('--write'));
