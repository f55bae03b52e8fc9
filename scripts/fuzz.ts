// `npm run fuzz -- --frames N --seed S`: decodes mutations of messages of every kind, recorded and random; nothing but a DecodeError
// may come out, in time, and the framer gives the same frames however their stream is cut.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { encode, hexOf } from '../src/ofp/index.js';
import { fuzz } from '../test/ofp/mutate.js';
import { chanceOf } from '../test/ofp/random/chance.js';
import { randomMessages } from '../test/ofp/random/messages.js';

const maxMs = 5;
const eachKind = 4;
const folder = new URL('../../test/ofp/vectors/', import.meta.url).pathname;

function recorded(): Uint8Array[] {
  const found: Uint8Array[] = [];
  for (const name of readdirSync(folder)) {
    const text = readFileSync(join(folder, name), 'utf8');
    for (const [, hex] of text.matchAll(/"((?:[0-9a-f]{2}){8,})"/g))
      found.push(Uint8Array.from(Buffer.from(hex ?? '', 'hex')));
  }
  return found;
}

function random(seed: number): Uint8Array[] {
  const chance = chanceOf(seed);
  return [...randomMessages.values()].flatMap((make) =>
    Array.from({ length: eachKind }, () => encode(make(chance), 1).slice()),
  );
}

const { values } = parseArgs({
  options: { frames: { type: 'string', default: '200000' }, seed: { type: 'string', default: '1' } },
});
const seed = Number(values.seed);
const seeds = [...recorded(), ...random(seed)];
const mib = () => process.memoryUsage().rss / 2 ** 20;
const before = mib();
const report = fuzz(seeds, Number(values.frames), seed);
const grown = mib() - before;
process.stdout.write(
  `seed ${values.seed}: ${report.frames} frames of ${seeds.length}, ${report.refused} refused, ${report.decoded} decoded, ` +
    `${report.unstable.length} not stable, ${report.crashes.length} crashes, ${report.streamed} through the framer, ` +
    `${report.miscut} cut wrong, slowest ${report.slowestMs.toFixed(2)} ms, memory ${grown >= 0 ? '+' : ''}${grown.toFixed(0)} MiB\n`,
);
for (const { hex, why } of [...report.crashes, ...report.unstable].slice(0, 20))
  process.stdout.write(`${why}: ${hex}\n`);
if (report.slowest && report.slowestMs > maxMs) process.stdout.write(`slowest: ${hexOf(report.slowest)}\n`);
const isClean = report.crashes.length + report.unstable.length + report.miscut === 0;
process.exitCode = isClean && report.slowestMs <= maxMs ? 0 : 1;
