// What happens to the northbound: storms of writes, and a bucket that is gone and comes back.
import { jetstreamManager } from '@nats-io/jetstream';
import { exportBackup, importBackup } from '../../src/sync/backup.js';
import { openStore, type Store } from '../../src/sync/buckets.js';
import { patienceMs } from '../integration/controller-lab.js';
import { until } from '../lab/process.js';
import type { Fault } from './faults.js';
import { moment } from './moment.js';
import { leaving } from './site.js';

const burstLength = 2000;
const underWay = 50;

/**
 * Whether the controller watches the bucket that is there: it finds out after a few seconds of silence that it is another one. What is
 * written before then is, to it, a backup that differs, and is not obeyed.
 */
async function isRead({ nats, nb }: Store): Promise<boolean> {
  for await (const { push_bound, config } of (await jetstreamManager(nats.connection)).consumers.list(nb.stream))
    if (push_bound && config.filter_subject?.includes('.red.') === true) return true;
  return false;
}

/** Those of the northbound. */
export const ofNorthbound: readonly Fault[] = [
  {
    name: 'northbound churns',
    parts: ['nats'],
    churn: 'always',
    changesFlows: true,
    inject: (_, chance) => moment(chance, 1000),
  },
  {
    name: 'one port written again and again',
    parts: ['nats'],
    churn: 'never',
    changesFlows: true,
    inject: async (faults) => {
      for (let written = 0; written < burstLength; written += underWay)
        await Promise.all(Array.from({ length: underWay }, (_, index) => faults.rewrite(leaving, written + index)));
    },
  },
  {
    name: 'bucket deleted and restored',
    parts: ['nats'],
    churn: 'never',
    inject: async ({ site: { store } }, chance) => {
      const backup = await exportBackup(store);
      await (await jetstreamManager(store.nats.connection)).streams.delete(store.nb.stream);
      await moment(chance, 3000);
      await openStore(store.nats);
      await importBackup(store, backup);
      await until('the controller reads what is there now', () => isRead(store), patienceMs);
    },
  },
];
