// A short run of `npm run conformance`: what we write, others read as we meant; what they write, we read and write again.
import { existsSync } from 'node:fs';
import t from 'tap';
import { needing, ovsPrograms } from '../lab/requirements.js';
import { columns, conformance } from '../oracles/conformance.js';
import { reportText } from '../oracles/report.js';

const isRequired = process.env.DAMSELFLY_REQUIRE_ALL === '1';
const options =
  isRequired || existsSync('/usr/lib/python3/dist-packages/os_ken')
    ? needing(...ovsPrograms, 'tshark', 'python3')
    : { skip: 'needs os-ken (python3-os-ken)' };

void t.test('no reader of OpenFlow disagrees without an explanation', options, async (t) => {
  const report = await conformance({
    seed: 20_261_121,
    each: 8,
    flows: 1000,
    verdicts: 2000,
    spoiled: 30,
    vectors: process.env.DAMSELFLY_VECTORS,
  });
  t.same(report.failures, []);
  t.ok(report.table.size > 75, `${report.table.size} kinds of messages`);
  // Each kind that is not made up has a reader beside us.
  const alone = [...report.table].filter(([, row]) => columns.slice(1).every((name) => !row.get(name)?.compared));
  t.same(
    alone.map(([kind]) => kind).filter((kind) => !/unknown|experimenter|nx_flow_monitor/.test(kind)),
    [],
  );
  t.match(reportText(report), /0 disagreements without explanation/);
});
