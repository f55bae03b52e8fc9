// `npm run conformance`: our codec against every reader of OpenFlow that is at hand, as a table of message kind by reader.
//
//   --each N     random messages of every kind (50)      --flows N    random flows as text, both ways (2,000)
//   --verdicts N random messages to judge (20,000)        --spoiled N  flows as text with something wrong in it (500)
//   --seed S     everything can be had again (1)          What is 0 is left out.
//   DAMSELFLY_VECTORS=FOLDER  vectors of Open vSwitch's own test suite, which are not part of this repository
import { parseArgs } from 'node:util';
import { conformance } from '../test/oracles/conformance.js';
import { reportText } from '../test/oracles/report.js';

const { values } = parseArgs({
  options: {
    each: { type: 'string', default: '50' },
    flows: { type: 'string', default: '2000' },
    verdicts: { type: 'string', default: '20000' },
    spoiled: { type: 'string', default: '500' },
    seed: { type: 'string', default: '1' },
  },
});

const report = await conformance({
  each: Number(values.each),
  flows: Number(values.flows),
  verdicts: Number(values.verdicts),
  spoiled: Number(values.spoiled),
  seed: Number(values.seed),
  vectors: process.env.DAMSELFLY_VECTORS,
});
process.stdout.write(reportText(report));
process.exitCode = report.failures.length === 0 ? 0 : 1;
