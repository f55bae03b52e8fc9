// Everything that a filter holds at this moment, for commands that look once. It comes from a watch, never from single reads.
import { setTimeout, clearTimeout } from 'node:timers';
import type { Bucket, Entry } from './bucket.js';
import { SyncError } from './errors.js';
import { Watch } from './watch.js';

const defaultDeadlineMs = 10_000;

/** What a filter's keys hold, tombstones left out, in the order of their last writing. Throws SyncError. */
export function snapshot(bucket: Bucket, filter: string, deadlineMs = defaultDeadlineMs): Promise<readonly Entry[]> {
  return new Promise((resolve, reject) => {
    const entries = new Map<string, Entry>();
    const finish = (end: () => void) => {
      clearTimeout(timer);
      watch.close();
      end();
    };
    const timer = setTimeout(() => {
      const late = new SyncError('NATS_DEADLINE', `${bucket.name} ${filter}: not read within ${deadlineMs} ms`);
      finish(() => {
        reject(late);
      });
    }, deadlineMs);
    const watch = new Watch(bucket, filter, {
      started: () => {
        entries.clear();
      },
      entry: (entry) => {
        entries.delete(entry.key);
        if (entry.text !== undefined) entries.set(entry.key, entry);
      },
      settled: () => {
        finish(() => {
          resolve([...entries.values()]);
        });
      },
      failed: (error) => {
        finish(() => {
          reject(error);
        });
      },
    });
  });
}
