// The matrix of the demo: every sort of port reaches every other with every sort of frame, and its text shows where one does not.
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { z } from 'zod';
import { gridText } from '../../demo/matrix.js';
import { CommandError, run } from '../lab/process.js';
import { demoOptions } from './demo-outcome.js';

const program = fileURLToPath(new URL('../../demo/main.js', import.meta.url));
const cellSchema = z.object({ to: z.string(), received: z.number(), expected: z.number() });
const rowSchema = z.object({
  from: z.string(),
  sent: z.number(),
  cells: z.array(cellSchema),
  faults: z.array(z.string()),
});
const matrixSchema = z.object({
  held: z.boolean(),
  grids: z.array(z.object({ frame: z.string(), means: z.string(), rows: z.array(rowSchema) })),
});

const farEnds = ['vtep4', 'vtep6', 'gre'];

t.setTimeout(200_000);

void t.test('every cell is as expected', demoOptions, async (t) => {
  const text = await run(process.execPath, [program, '--matrix', '--json'], { timeoutMs: 180_000 }).catch(
    (error: unknown) => {
      if (error instanceof CommandError && error.code === 1) return error.output;
      throw error;
    },
  );
  const { held, grids } = matrixSchema.parse(
    JSON.parse(text.slice(text.indexOf('{\n'), text.lastIndexOf('\n}\n') + 3)),
  );
  t.same(
    grids.map(({ frame }) => frame),
    ['unicast', 'broadcast', 'IPv6 ND', '1,400 bytes'],
  );
  for (const { frame, rows } of grids) {
    t.equal(rows.length, 7);
    for (const { from, cells, faults } of rows) {
      t.same(faults, [], `${frame} from ${from}`);
      t.equal(cells.length, 6);
      for (const { to, received, expected } of cells) {
        t.equal(expected, farEnds.includes(from) && farEnds.includes(to) ? 0 : 1);
        t.equal(received, expected, `${frame} from ${from} to ${to}`);
      }
    }
  }
  t.ok(held);
});

void t.test('a cell that is not as expected is seen, in 120 columns', (t) => {
  const cells = [
    { to: 'parent', received: 0, expected: 1 },
    { to: 'gre', received: 1, expected: 1 },
  ];
  const row = { from: 'plain', sent: 6, cells, faults: [`missing at parent/eth0: ${'f'.repeat(200)}`] };
  const lines = gridText({ frame: 'unicast', means: 'a packet', rows: [row] }).split('\n');
  t.ok(lines.every((line) => line.length <= 120));
  t.match(lines[2], /^ {2}plain on c1 +· +FAIL 0 of 1 .* 1 of 1 +6$/);
  t.match(lines[3], /^ {4}FAIL missing at parent\/eth0: f+$/);
  t.end();
});
