// What happens between controller and switch: connections that are cut, that fall silent, or that nobody meant.
import { join } from 'node:path';
import { until } from '../lab/process.js';
import { patienceMs } from '../integration/controller-lab.js';
import { FakeBridge, type FakeConnection } from '../switch/fake-switch.js';
import type { Fault } from './faults.js';
import { moment } from './moment.js';
import { steps } from './of-programs.js';
import { bridge, type FaultSite } from './site.js';

const strangersLength = 200;

/** A bridge that comes to the controller's door. */
async function comes({ site }: FaultSite, datapathId: bigint): Promise<FakeConnection> {
  const path = join(site.dir, 'openflow.sock');
  return (await new FakeBridge(datapathId).connect({ kind: 'unix', path })).hello();
}

/** Until the controller has ended it, or has asked for the last thing that it asks every bridge. */
const isGreeted = (connection: FakeConnection): Promise<unknown> =>
  connection.receives('multipart_request', 1).catch(() => undefined);

async function datapathOf({ site }: FaultSite): Promise<bigint> {
  return BigInt(`0x${(await site.ovs.vsctl('get', 'Bridge', bridge, 'datapath_id')).trim().replaceAll('"', '')}`);
}

/** Those of connections. */
export const ofConnections: readonly Fault[] = [
  {
    name: 'connection cut at a step of a commit',
    parts: ['connection'],
    churn: 'always',
    inject: async ({ between }, chance) => {
      await between.cutAt(chance.pick(steps), chance.oneIn(2));
    },
  },
  {
    name: 'connection half open',
    parts: ['connection'],
    isSlow: true,
    inject: async ({ between }) => {
      const { meetings } = between;
      between.silence();
      await until('the controller gives it up and dials again', () => between.meetings > meetings, patienceMs);
    },
  },
  {
    name: 'switch reads 16 kB a second',
    parts: ['connection'],
    inject: async ({ between }, chance) => {
      between.rate = 16_000;
      await moment(chance, 3000);
      between.rate = Infinity;
    },
  },
  {
    name: 'connections abandoned after the handshake',
    parts: ['controller'],
    inject: async (faults, chance) => {
      const strangers = await Promise.all(
        Array.from({ length: strangersLength }, (_, index) => comes(faults, 0xbad0000n + BigInt(index))),
      );
      await Promise.all(strangers.map(isGreeted));
      await moment(chance, 300);
      for (const { socket } of strangers) socket.destroy();
    },
  },
  {
    name: 'another bridge with the same datapath id',
    parts: ['controller', 'connection', 'switch'],
    inject: async (faults, chance) => {
      const twin = await comes(faults, await datapathOf(faults));
      await moment(chance, 3000);
      twin.socket.destroy();
    },
  },
];
