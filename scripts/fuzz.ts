// `npm run fuzz -- --frames N --seed S`: decodes mutations of messages of every kind, recorded and random; nothing but a DecodeError
// may come out, in time, in memory that does not grow, and the framer gives the same frames however their stream is cut.
// `npm run fuzz -- --split N --seed S`: streams of N of these messages, cut at every byte, at every single offset, and every 64 KiB.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { encode, hexOf } from '../src/ofp/index.js';
import { fuzz } from '../test/ofp/mutate.js';
import { chanceOf } from '../test/ofp/random/chance.js';
import { randomMessages } from '../test/ofp/random/messages.js';
import { splitInEveryWay } from '../test/ofp/split.js';
import { isWhole } from '../test/ofp/stream.js';
import { count, script } from './asked.js';

const maxMs = 5;
const curvePoints = 10;
const maxGrownMib = 64;
const eachKind = 4;
const folder = new URL('../../test/ofp/vectors/', import.meta.url).pathname;

function recorded(): Uint8Array[] {
  const found: Uint8Array[] = [];
  for (const name of readdirSync(folder)) {
    const text = readFileSync(join(folder, name), 'utf8');
    for (const [, hex] of text.matchAll(/(?<=["\t\n])(04(?:[0-9a-f]{2}){7,})(?=["\t\n])/g))
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

const mib = () => Math.round(process.memoryUsage().rss / 2 ** 20);

/** Fails if memory grew after the first tenth, which fills the heap. */
function runFuzz(seeds: readonly Uint8Array[], frames: number, seed: number): boolean {
  const memory: number[] = [];
  const step = Math.ceil(frames / curvePoints);
  const report = fuzz(seeds, frames, seed, (done) => {
    if (done % step === 0) memory.push(mib());
  });
  memory.push(mib());
  const [, afterFirst = 0, ...later] = memory;
  const grown = Math.max(...later) - afterFirst;
  process.stdout.write(
    `seed ${seed}: ${report.frames} frames of ${seeds.length}, ${report.refused} refused, ${report.decoded} decoded, ` +
      `${report.unstable.length} not stable, ${report.crashes.length} crashes, ${report.streamed} through the framer, ` +
      `${report.miscut} cut wrong, slowest ${report.slowestMs.toFixed(2)} ms, memory by tenths ${memory.join(' ')} MiB\n`,
  );
  for (const { hex, why } of [...report.crashes, ...report.unstable].slice(0, 20))
    process.stdout.write(`${why}: ${hex}\n`);
  if (report.slowest && report.slowestMs > maxMs) process.stdout.write(`slowest: ${hexOf(report.slowest)}\n`);
  const isClean = report.crashes.length + report.unstable.length + report.miscut === 0;
  return isClean && report.slowestMs <= maxMs && grown <= maxGrownMib;
}

function runSplit(seeds: readonly Uint8Array[], count: number): boolean {
  const survived = splitInEveryWay(seeds, count);
  for (const [way, messages] of survived)
    process.stdout.write(`${messages} of ${count} messages came out as they were, ${way}\n`);
  return [...survived.values()].every((messages) => messages === count);
}

const asked = script('fuzz', 'Decodes mutated messages of every kind, or cuts streams of messages in every way.')
  .option('--frames <n>', 'mutated messages', count, 200_000)
  .option(
    '--split <n>',
    'instead: streams of so many messages, cut at every byte, at every single offset, and every 64 KiB',
    count,
  )
  .option('--seed <s>', 'everything can be had again', count, 1)
  .parse()
  .opts<{ readonly frames: number; readonly split?: number; readonly seed: number }>();
const seeds = [...recorded(), ...random(asked.seed)].filter(isWhole);
const isRight = asked.split === undefined ? runFuzz(seeds, asked.frames, asked.seed) : runSplit(seeds, asked.split);
process.exitCode = isRight ? 0 : 1;
