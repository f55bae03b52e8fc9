// `npm run conformance`: our codec against every reader of OpenFlow that is at hand, as a table of message kind by reader.
import { conformance } from '../test/oracles/conformance.js';
import { reportText } from '../test/oracles/report.js';
import { count, script } from './asked.js';

const asked = script('conformance', 'Compares the codec with ovs-ofctl, tshark, os-ken and ovs-vswitchd.')
  .option('--each <n>', 'random messages of every kind', count, 50)
  .option('--flows <n>', 'random flows as text, both ways', count, 2000)
  .option('--verdicts <n>', 'random messages to judge', count, 20_000)
  .option('--spoiled <n>', 'flows as text with something wrong in it', count, 500)
  .option('--seed <s>', 'everything can be had again', count, 1)
  .addHelpText(
    'after',
    `
What is 0 is left out. DAMSELFLY_VECTORS=FOLDER: vectors of Open vSwitch's own test suite, which are not part of this repository.`,
  )
  .parse()
  .opts<Omit<Parameters<typeof conformance>[0], 'vectors'>>();

const report = await conformance({ ...asked, vectors: process.env.DAMSELFLY_VECTORS });
process.stdout.write(reportText(report));
process.exitCode = report.failures.length === 0 ? 0 : 1;
