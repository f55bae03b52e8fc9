// Programs that nobody here wrote, as readers of OpenFlow 1.3 frames: what each says that a frame says.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { hexOf } from '../../src/ofp/index.js';
import { run } from '../lab/process.js';
import { makeWorkDirectory, removeWorkDirectory } from '../lab/work-directory.js';

/** What a reader said of one frame: text (JSON or its own), or why it could not read it. */
export type Reading = { readonly said: string } | { readonly error: string };

/** A reader of frames. */
export interface FrameReader {
  readonly name: string;
  /** The programs that it takes. */
  readonly needs: readonly string[];
  readonly version: () => Promise<string>;
  /** Reads frames, in order. */
  readonly read: (frames: readonly Uint8Array[]) => Promise<Reading[]>;
}

const deadlineMs = 120_000;
/** Debian's packages are for Debian's Python, whatever else is first in PATH. */
const python = '/usr/bin/python3';
// The script is not compiled: seen from dist/test/oracles it lies in the sources.
const script = fileURLToPath(new URL('../../../test/oracles/os_ken_reader.py', import.meta.url));

async function withFile<T>(contents: Uint8Array, use: (path: string) => Promise<T>): Promise<T> {
  const folder = makeWorkDirectory();
  try {
    const path = join(folder, 'frames');
    writeFileSync(path, contents);
    return await use(path);
  } finally {
    removeWorkDirectory(folder);
  }
}

const firstLine = (text: string) => text.split('\n')[0] ?? '';

// An echo request with an xid of its own behind each frame keeps the answers apart.
const markXid = 0xa500_0000;
const mark = /OFPT_ECHO_REQUEST \(OF1\.3\) \(xid=0x(a5[0-9a-f]{6})\): 0 bytes of payload\n/;

function marked(frames: readonly Uint8Array[]): Uint8Array {
  return Buffer.concat(
    frames.flatMap((frame, i) => {
      const echo = Buffer.from('0402000800000000', 'hex');
      echo.writeUInt32BE(markXid + i, 4);
      return [frame, echo];
    }),
  );
}

/** What ovs-ofctl prints of each frame, also of those that it cannot decode. */
export async function printedByOfctl(frames: readonly Uint8Array[]): Promise<string[]> {
  const text = await withFile(marked(frames), (path) =>
    run('ovs-ofctl', ['-vconsole:off', 'ofp-parse', path], { timeoutMs: deadlineMs }),
  );
  const pieces = text.split(mark);
  return frames.map((_, i) => pieces[2 * i] ?? '');
}

async function readWithOfctl(frames: readonly Uint8Array[]): Promise<Reading[]> {
  return (await printedByOfctl(frames)).map((said) => {
    const error = /\*\*\*decode error: (\w+)\*\*\*/.exec(said);
    return error ? { error: error[1] ?? '' } : { said };
  });
}

/** `ovs-ofctl ofp-parse`, which knows all that Open vSwitch knows. */
export const ofctl: FrameReader = {
  name: 'ovs-ofctl',
  needs: ['ovs-ofctl'],
  version: async () => firstLine(await run('ovs-ofctl', ['--version'])),
  read: readWithOfctl,
};

/** The link type by which frames reach tshark's dissector without TCP (DLT_USER0). */
const linkType = 147;

function capture(frames: readonly Uint8Array[]): Uint8Array {
  const head = Buffer.alloc(24);
  head.writeUInt32LE(0xa1b2c3d4, 0);
  head.writeUInt16LE(2, 4);
  head.writeUInt16LE(4, 6);
  head.writeUInt32LE(0x4_0000, 16);
  head.writeUInt32LE(linkType, 20);
  const records = frames.flatMap((frame, i) => {
    const record = Buffer.alloc(16);
    record.writeUInt32LE(i, 0);
    record.writeUInt32LE(frame.length, 8);
    record.writeUInt32LE(frame.length, 12);
    return [record, frame];
  });
  return Buffer.concat([head, ...records]);
}

// One packet's JSON; what tshark could not take apart has a _ws.malformed.
const tsharkReading = (packet: string): Reading =>
  packet.includes('_ws.malformed') ? { error: 'malformed' } : { said: packet };

async function readWithTshark(frames: readonly Uint8Array[]): Promise<Reading[]> {
  const dissector = `uat:user_dlts:"User 0 (DLT=${linkType})","openflow","0","","0",""`;
  const text = await withFile(capture(frames), (path) =>
    run('tshark', ['-r', path, '-o', dissector, '-T', 'json', '-J', 'openflow openflow_v4'], { timeoutMs: deadlineMs }),
  );
  // What stands between the packets is always the same.
  const packets = text.split('\n  {\n    "_index"').slice(1);
  return frames.map((_, i) => tsharkReading(packets[i] ?? '_ws.malformed'));
}

/** tshark's dissector, which knows OpenFlow's own and nothing of Nicira's. */
export const tshark: FrameReader = {
  name: 'tshark',
  needs: ['tshark'],
  version: async () => firstLine(await run('tshark', ['--version'])),
  read: readWithTshark,
};

async function askOsKen(lines: string): Promise<string[]> {
  const text = await run(python, [script], { input: lines, timeoutMs: deadlineMs });
  return text.split('\n').filter((line) => line !== '');
}

/** os-ken's parser, which knows most of Nicira's actions. */
export const osKen: FrameReader = {
  name: 'os-ken',
  needs: ['python3'],
  version: async () => (await askOsKen(''))[0] ?? '',
  async read(frames) {
    const [, ...answers] = await askOsKen(frames.map((frame) => `${hexOf(frame)}\n`).join(''));
    return frames.map((_, i) => {
      const answer = answers[i] ?? '{"error": "no answer"}';
      const error = /^\{"error": "(.*)"\}$/.exec(answer);
      return error ? { error: error[1] ?? '' } : { said: answer };
    });
  },
};
