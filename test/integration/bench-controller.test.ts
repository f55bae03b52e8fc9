// The benchmarks about the whole controller beyond one change and one full sync, with tiny numbers.
import t from 'tap';
import { cpuFigure } from '../../bench/cpu.js';
import { growthFigure } from '../../bench/growth.js';
import { memoryFigure } from '../../bench/memory.js';
import { ovnFigure } from '../../bench/ovn.js';
import { figureText } from '../../bench/report.js';
import { restartFigure } from '../../bench/restart.js';
import { Samples } from '../../bench/sample.js';
import { needing, ovsPrograms, unmetNeed } from '../lab/requirements.js';

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

void t.test('one change among few and among more', needing(...ovsPrograms, 'nats-server'), async (t) => {
  const samples = new Samples();
  const loads = [
    { ports: 4, localOneIn: 2, portsPerNetwork: 2 },
    { ports: 8, localOneIn: 4, portsPerNetwork: 4 },
  ];
  const figure = await growthFigure({ loads, rounds: 1, changesInTurn: 1, spacingMs: 5 }, samples);
  t.equal(samples.values('growth', 'add', '8 ports').length, 1);
  t.equal(samples.values('growth', 'rest', '4 ports, again').length, 2);
  t.match(figureText(figure), /8 ports +port added, arrival to last flow +p50/);
});

// A peer that nothing else needs is no part of the setup for tests.
if (unmetNeed(['ovn-northd', 'ovn-nbctl', 'ovn-sbctl', 'ovn-controller', 'root']) === undefined)
  void t.test('one change against OVN', needing(...ovsPrograms, 'nats-server'), async (t) => {
    const samples = new Samples();
    const load = { ports: 6, localOneIn: 3, portSecurity: true };
    const figure = await ovnFigure({ sizes: [{ load, goal: 1 }], rounds: 1 }, samples);
    t.equal(samples.values('ovn', 'add', 'OVN').length, 1);
    t.match(figureText(figure), /6 ports +OVN, port added +p50/);
  });
