// The benchmarks about the whole controller beyond one change and one full sync, with tiny numbers.
import t from 'tap';
import { cpuFigure } from '../../bench/cpu.js';
import { memoryFigure } from '../../bench/memory.js';
import { figureText } from '../../bench/report.js';
import { restartFigure } from '../../bench/restart.js';
import { Samples } from '../../bench/sample.js';
import { needing, ovsPrograms } from '../lab/requirements.js';

void t.test('a restart sends nothing', needing(...ovsPrograms, 'nats-server'), async (t) => {
  const samples = new Samples();
  const figure = await restartFigure({ sizes: [{ ports: 4, rounds: 1 }], deadlineMs: 20_000 }, samples);
  t.equal(samples.values('restart', 'time', 'damselfly').length, 1);
  t.match(figureText(figure), /4 ports, .* flows +dump of all flows/);
});

void t.test('our processor time against that of the switch', needing(...ovsPrograms, 'nats-server'), async (t) => {
  const samples = new Samples();
  const figure = await cpuFigure({ ports: 4, rounds: 1, deadlineMs: 20_000 }, samples);
  t.equal(samples.values('cpu', 'cpu', 'damselfly, first time').length, 1);
  t.match(figureText(figure), /damselfly, objects to bytes, first time/);
});

void t.test('memory per port above an idle controller', needing(...ovsPrograms, 'nats-server'), async (t) => {
  const samples = new Samples();
  const figure = await memoryFigure({ ports: 6, localOneIn: 3, deadlineMs: 20_000 }, samples);
  t.equal(samples.values('memory', 'used', 'idle').length, 1);
  t.match(figureText(figure), /6 ports, one in 3 here; \d+ flows +idle/);
});
