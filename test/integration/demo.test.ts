// The demo, line by line: everything that it claims holds.
import t from 'tap';
import { demo, demoOptions } from './demo-outcome.js';

t.setTimeout(280_000);

void t.test('the demo holds, line by line', demoOptions, async (t) => {
  const { held, lines } = await demo();
  for (const line of lines) t.ok(line.held, `${line.section}: ${line.id}: ${line.seen}`);
  t.ok(held);
  t.ok(lines.length >= 77, `${lines.length} lines`);
});
