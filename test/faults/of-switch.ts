// What happens on the switch: a foreign hand at its flows and groups, interfaces and bridges that go and come, packets in floods.
import { patienceMs } from '../integration/controller-lab.js';
import type { Chance } from '../ofp/random/chance.js';
import type { Fault } from './faults.js';
import { moment } from './moment.js';
import { bridge, type FaultSite, flooding, leaving } from './site.js';

const isOne = { because: 'it may be a flow of theirs' };
/** So many PACKET_INs, and how many of them one frame makes. */
const packetIns = 5000;
const copies = 20;

const ofctl = ({ site }: FaultSite, ...words: readonly string[]) => site.ovs.ofctl(words);

/** A flow of ours on the switch, as `ovs-ofctl` selects it strictly: cookie and actions left out. */
async function someFlow({ site }: FaultSite, chance: Chance): Promise<string> {
  const flow = chance.pick(await site.ours());
  return flow.replace(/ ?actions=.*/, '').replaceAll(', ', ',');
}

/** A group of ours, as `ovs-ofctl` selects it. */
async function someGroup({ site }: FaultSite, chance: Chance): Promise<string> {
  return chance.pick(await site.groups()).split(',')[0] ?? '';
}

/** Those of the switch. */
export const ofSwitch: readonly Fault[] = [
  {
    name: 'flow deleted',
    parts: ['switch', 'database'],
    changesFlows: true,
    loses: isOne,
    inject: async (faults, chance) => {
      await ofctl(faults, '--strict', 'del-flows', bridge, await someFlow(faults, chance));
    },
  },
  {
    name: 'flow changed',
    parts: ['switch', 'database'],
    changesFlows: true,
    loses: isOne,
    inject: async (faults, chance) => {
      await ofctl(faults, '--strict', 'mod-flows', bridge, `${await someFlow(faults, chance)},actions=drop`);
    },
  },
  {
    name: 'flow added',
    parts: ['switch', 'database'],
    changesFlows: true,
    inject: async (faults, chance) => {
      const cookie = `cookie=0xd5f102${chance.bits(40).toString(16).padStart(10, '0')}`;
      const key = chance.below(99) + 900;
      await ofctl(faults, 'add-flow', bridge, `${cookie},table=115,priority=3,reg7=${key},actions=drop`);
    },
  },
  {
    name: 'all flows deleted',
    parts: ['switch', 'database'],
    changesFlows: true,
    loses: { because: 'all flows are gone' },
    inject: async (faults) => {
      await ofctl(faults, 'del-flows', bridge);
    },
  },
  {
    name: 'group deleted',
    parts: ['switch', 'database'],
    changesFlows: true,
    loses: { ways: ['broadcast'], because: 'the flows of broadcasts go with their group' },
    inject: async (faults, chance) => {
      await ofctl(faults, 'del-groups', bridge, await someGroup(faults, chance));
    },
  },
  {
    name: 'group changed',
    parts: ['switch', 'database'],
    changesFlows: true,
    isSlow: true,
    loses: { ways: ['broadcast'], because: 'groups are read back every ten seconds: no monitor tells of them' },
    inject: async (faults, chance) => {
      await ofctl(faults, 'mod-group', bridge, `${await someGroup(faults, chance)},type=all,bucket=actions=drop`);
    },
  },
  {
    name: 'group added',
    parts: ['switch', 'database'],
    changesFlows: true,
    isSlow: true,
    inject: async (faults, chance) => {
      const id = 0xd000_0000 + 0xff_0000 + chance.below(0xffff);
      await ofctl(faults, 'add-group', bridge, `group_id=${id},type=all,bucket=actions=drop`);
    },
  },
  {
    name: 'interface gone and back with another number',
    parts: ['switch', 'database'],
    changesFlows: true,
    inject: async (faults, chance) => {
      await faults.site.ovs.vsctl('del-port', bridge, leaving);
      await moment(chance, 500);
      await faults.plug(leaving, 1000 + chance.below(1000));
    },
  },
  {
    name: 'bridge deleted and made again',
    parts: ['switch', 'database'],
    changesFlows: true,
    loses: { because: 'bridge and interfaces are gone' },
    inject: async (faults, chance) => {
      await faults.site.ovs.vsctl('del-br', bridge);
      await moment(chance, 1000);
      await faults.plugAll();
    },
  },
  {
    name: 'packets flood to the controller',
    parts: ['switch', 'database', 'controller', 'connection'],
    inject: async (faults) => {
      const actions = Array(copies).fill('controller:128').join();
      const flow = `table=0,priority=65000,in_port=${await faults.site.ovs.ofport(flooding)}`;
      await ofctl(faults, 'add-flow', bridge, `cookie=0x99,${flow},actions=${actions}`);
      const enough = faults.between.packetIns + packetIns;
      const frame = 'ff'.repeat(6) + '02'.repeat(6) + '0800' + '00'.repeat(50);
      const flood = async (): Promise<boolean> => {
        await faults.control.run('netdev-dummy/receive', flooding, frame);
        return faults.between.packetIns >= enough;
      };
      const endMs = performance.now() + patienceMs;
      while (!(await flood())) if (performance.now() > endMs) throw new Error('the packets do not come');
      await ofctl(faults, '--strict', 'del-flows', bridge, flow);
    },
  },
];
