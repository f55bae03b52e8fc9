// The benchmarks run, with tiny numbers: real programs, every gate, a figure at the end.
import t from 'tap';
import { codecFigure } from '../../bench/codec.js';
import { figureText } from '../../bench/report.js';
import { Samples } from '../../bench/sample.js';
import { requireDump, recordMessages } from '../../bench/codec-messages.js';
import { GateError } from '../../bench/gate.js';
import { needing, ovsPrograms } from '../lab/requirements.js';

void t.test('the codec against os-ken', needing(...ovsPrograms, 'python3'), async (t) => {
  const samples = new Samples();
  const figure = await codecFigure({ ports: 6, rounds: 2 }, samples);
  t.equal(samples.values('codec', 'encode', 'damselfly').length, 2);
  t.equal(samples.values('codec', 'dump', 'os-ken').length, 2);
  t.match(figureText(figure), /flow_mod from a value +os-ken/);
});

void t.test('a dump that lacks a flow gives no figure', needing(...ovsPrograms), async (t) => {
  const { dumps, flowMods } = await recordMessages(2);
  t.throws(
    () => {
      requireDump(dumps, flowMods.slice(1));
    },
    { name: GateError.name, message: /0 missing.*1 surplus/ },
  );
});
