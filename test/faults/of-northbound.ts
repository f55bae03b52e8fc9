// What happens to the northbound: storms of writes, and a bucket that is gone and comes back.
import { jetstreamManager } from '@nats-io/jetstream';
import { exportBackup, importBackup } from '../../src/sync/backup.js';
import { openStore } from '../../src/sync/buckets.js';
import type { Fault } from './faults.js';
import { moment } from './moment.js';
import { leaving } from './site.js';

const burstLength = 2000;
const underWay = 50;

/** Those of the northbound. */
export const ofNorthbound: readonly Fault[] = [
  {
    name: 'northbound churns',
    churn: 'always',
    changesFlows: true,
    inject: (_, chance) => moment(chance, 1000),
  },
  {
    name: 'one port written again and again',
    churn: 'never',
    changesFlows: true,
    inject: async (faults) => {
      for (let written = 0; written < burstLength; written += underWay)
        await Promise.all(Array.from({ length: underWay }, (_, index) => faults.rewrite(leaving, written + index)));
    },
  },
  {
    name: 'bucket deleted and restored',
    churn: 'never',
    inject: async ({ site: { store } }, chance) => {
      const backup = await exportBackup(store);
      await (await jetstreamManager(store.nats.connection)).streams.delete(store.nb.stream);
      await moment(chance, 3000);
      await openStore(store.nats);
      await importBackup(store, backup);
    },
  },
];
