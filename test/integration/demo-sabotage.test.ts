// The demo's own judge on trial: what is broken on purpose is told by the lines that speak of it, and by no others.
import t from 'tap';
import { demo, demoOptions } from './demo-outcome.js';

t.setTimeout(280_000);

void t.test('each thing that is broken on purpose turns exactly its own lines red', demoOptions, async (t) => {
  const { held, lines } = await demo('--sabotage');
  for (const line of lines) t.ok(line.held, `${line.section}: ${line.id}: ${line.seen}`);
  t.ok(held);
  t.equal(lines.filter(({ id }) => id.startsWith('sabotage:')).length, 14);
});
