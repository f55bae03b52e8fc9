// Programs that die, are started again, or stand still: the controller, both of Open vSwitch, and nats-server.
import type { Message } from '../../src/ofp/index.js';
import { until } from '../lab/process.js';
import { patienceMs } from '../integration/controller-lab.js';
import type { Fault } from './faults.js';
import { moment } from './moment.js';
import { bridge, type FaultSite } from './site.js';

const tablesAreEmpty = { because: 'ovs-vswitchd starts with empty tables' };

/** The steps of a commit, as messages of the controller. */
export const steps: readonly ((message: Message) => boolean)[] = [
  (message) => message.type === 'bundle_control' && message.ctrl === 'open_request',
  (message) => message.type === 'bundle_add',
  (message) => message.type === 'bundle_control' && message.ctrl === 'commit_request',
  (message) => message.type === 'barrier_request',
];

/** From here on it is our business: how soon Open vSwitch finds its database and opens its sockets is its own. */
async function bridgeIsBack(faults: FaultSite): Promise<void> {
  await faults.site.ovs.bridgeIsBack(bridge, patienceMs);
  faults.lifted();
}

async function natsIsBack(faults: FaultSite): Promise<void> {
  faults.lifted();
  await until('we are connected again', () => faults.site.store.nats.isUp(), patienceMs);
}

const hourMs = 3_600_000;

function restartController(faults: FaultSite): void {
  faults.startController();
  faults.lifted();
}

/** Those of programs. */
export const ofPrograms: readonly Fault[] = [
  {
    name: 'controller killed',
    parts: ['controller'],
    inject: async (faults, chance) => {
      await moment(chance, 300);
      await faults.controller.stop('SIGKILL');
      await moment(chance, 500);
      restartController(faults);
    },
  },
  {
    name: 'controller killed at a step of a commit',
    parts: ['controller', 'connection'],
    churn: 'always',
    inject: async (faults, chance) => {
      await faults.between.cutAt(chance.pick(steps), chance.oneIn(2), () => void faults.controller.stop('SIGKILL'));
      await faults.controller.stop('SIGKILL');
      await moment(chance, 200);
      restartController(faults);
    },
  },
  {
    name: 'controller ended and started',
    parts: ['controller'],
    inject: async (faults, chance) => {
      await moment(chance, 300);
      await faults.controller.stop('SIGTERM');
      restartController(faults);
    },
  },
  {
    name: 'controller stopped for a while',
    parts: ['controller'],
    inject: async (faults, chance) => {
      faults.controller.pause();
      await moment(chance, 3000);
      faults.controller.resume();
    },
  },
  {
    name: 'wall clock stepped by an hour',
    parts: ['controller', 'connection', 'switch', 'database'],
    inject: async (faults, chance) => {
      const { meetings } = faults.between;
      for (const offMs of [hourMs, 0, -hourMs, 0]) {
        await faults.inside.setClock(faults.controller, offMs);
        await moment(chance, 1000);
      }
      if (faults.between.meetings > meetings) throw new Error('the controller has given up its connection');
    },
  },
  {
    name: 'ovs-vswitchd killed',
    parts: ['switch'],
    changesFlows: true,
    loses: tablesAreEmpty,
    inject: async (faults, chance) => {
      await faults.site.ovs.stopSwitch('SIGKILL');
      await moment(chance, 500);
      await faults.site.ovs.startSwitch();
      await bridgeIsBack(faults);
    },
  },
  {
    name: 'ovs-vswitchd stopped for a while',
    parts: ['switch'],
    inject: async (faults, chance) => {
      faults.site.ovs.freezeSwitch();
      await moment(chance, 3000);
      faults.site.ovs.thawSwitch();
    },
  },
  {
    name: 'ovsdb-server killed',
    parts: ['database'],
    inject: async (faults, chance) => {
      await faults.site.ovs.stopDatabase('SIGKILL');
      await moment(chance, 1500);
      await faults.site.ovs.startDatabase();
      await bridgeIsBack(faults);
    },
  },
  {
    name: 'both of Open vSwitch killed',
    parts: ['switch', 'database'],
    changesFlows: true,
    loses: tablesAreEmpty,
    inject: async (faults, chance) => {
      await faults.site.ovs.stopDatabase('SIGKILL');
      await moment(chance, 300);
      await faults.site.ovs.stopSwitch('SIGKILL');
      await moment(chance, 300);
      await faults.site.ovs.startDatabase();
      await faults.site.ovs.startSwitch();
      await bridgeIsBack(faults);
    },
  },
  {
    name: 'controller and ovs-vswitchd killed',
    parts: ['controller', 'switch'],
    changesFlows: true,
    loses: tablesAreEmpty,
    inject: async (faults, chance) => {
      await Promise.all([faults.controller.stop('SIGKILL'), faults.site.ovs.stopSwitch('SIGKILL')]);
      await moment(chance, 300);
      await faults.site.ovs.startSwitch();
      await faults.site.ovs.bridgeIsBack(bridge, patienceMs);
      restartController(faults);
    },
  },
  {
    name: 'nats-server killed',
    parts: ['nats'],
    churn: 'never',
    inject: async (faults, chance) => {
      await faults.nats.stop('SIGKILL');
      await moment(chance, 1500);
      await faults.nats.start();
      await natsIsBack(faults);
    },
  },
  {
    name: 'nats-server stopped for a while',
    parts: ['nats'],
    inject: async ({ nats }, chance) => {
      nats.freeze();
      await moment(chance, 3000);
      nats.thaw();
    },
  },
  {
    name: 'nats-server ended and started',
    parts: ['nats'],
    churn: 'never',
    inject: async (faults) => {
      await faults.nats.stop('SIGTERM');
      await faults.nats.start();
      await natsIsBack(faults);
    },
  },
];
