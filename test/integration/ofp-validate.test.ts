// The validator against a real ovs-vswitchd: of random messages, right and wrong, both say the same by the same name.
import t from 'tap';
import type { Message } from '../../src/ofp/index.js';
import { needing, ovsPrograms } from '../lab/requirements.js';
import { randomFlowMod, randomGroupMod } from '../ofp/random/flows.js';
import { chanceOf, type Chance } from '../ofp/random/chance.js';
import { randomPacketOut } from '../ofp/random/packet-out.js';
import { compareVerdicts } from '../oracles/verdicts.js';
import { SwitchOracle } from '../oracles/vswitchd.js';

const seed = 20_261_121;
const runs: readonly (readonly [
  what: string,
  count: number,
  make: (chance: Chance) => Message,
  leastRefused: number,
])[] = [
  ['flows that mostly fit', 20_000, (chance) => randomFlowMod(chance, 0), 4_000],
  ['flows with something wrong now and then', 20_000, (chance) => randomFlowMod(chance, 12), 8_000],
  ['flows with much wrong', 20_000, (chance) => randomFlowMod(chance, 3), 12_000],
  ['groups', 10_000, (chance) => randomGroupMod(chance, 3), 3_000],
  ['packet_outs', 10_000, (chance) => randomPacketOut(chance, 3), 3_000],
];

void t.test('the validator and ovs-vswitchd', needing(...ovsPrograms), async (t) => {
  const oracle = await SwitchOracle.start();
  t.teardown(() => oracle.close());
  for (const [what, count, make, leastRefused] of runs) {
    const chance = chanceOf(seed);
    const report = await compareVerdicts(
      oracle,
      Array.from({ length: count }, () => make(chance)),
    );
    t.same(report.disagreements.slice(0, 3), [], `they agree on ${what}`);
    t.ok(report.compared > 0.9 * count, `${report.compared} compared`);
    t.ok(report.refused > leastRefused, `${report.refused} refused`);
  }
});
