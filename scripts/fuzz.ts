// `npm run fuzz -- --frames N --seed S`: decodes mutations of real frames; nothing but a DecodeError may come out, in time.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { hexOf } from '../src/ofp/index.js';
import { fuzz } from '../test/ofp/mutate.js';

const maxMs = 5;
const folder = new URL('../../test/ofp/vectors/', import.meta.url).pathname;

function seeds(): Uint8Array[] {
  const found: Uint8Array[] = [];
  for (const name of readdirSync(folder)) {
    const text = readFileSync(join(folder, name), 'utf8');
    for (const [, hex] of text.matchAll(/"((?:[0-9a-f]{2}){8,})"/g))
      found.push(Uint8Array.from(Buffer.from(hex ?? '', 'hex')));
  }
  return found;
}

const { values } = parseArgs({
  options: { frames: { type: 'string', default: '200000' }, seed: { type: 'string', default: '1' } },
});
const frames = Number(values.frames);
const before = process.memoryUsage().rss;
const report = fuzz(seeds(), frames, Number(values.seed));
const grown = (process.memoryUsage().rss - before) / 2 ** 20;
process.stdout.write(
  `seed ${values.seed}: ${report.frames} frames, ${report.refused} refused, ${report.decoded} decoded, ` +
    `${report.unstable.length} not stable, ${report.crashes.length} crashes, ` +
    `slowest ${report.slowestMs.toFixed(2)} ms, memory ${grown >= 0 ? '+' : ''}${grown.toFixed(0)} MiB\n`,
);
for (const { hex, why } of [...report.crashes, ...report.unstable].slice(0, 20))
  process.stdout.write(`${why}: ${hex}\n`);
if (report.slowest && report.slowestMs > maxMs) process.stdout.write(`slowest: ${hexOf(report.slowest)}\n`);
process.exitCode = report.crashes.length + report.unstable.length > 0 || report.slowestMs > maxMs ? 1 : 0;
