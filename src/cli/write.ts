// Writing a plan: kind by kind, so that nothing refers to what is not there, many at once within a kind, each only if nobody else
// has written the object since it was read.
import type { Kind } from '../model/kinds.js';
import { type AnyObject, objectName } from '../model/parse.js';
import type { Store } from '../sync/buckets.js';
import { releaseAddresses } from '../sync/addresses.js';
import { ConflictError } from '../sync/errors.js';
import { nbKey } from '../sync/keys.js';
import { putObject, removeObject } from '../sync/objects.js';
import { type Contents, isForbidden } from './northbound-cli.js';
import type { Step } from './plan.js';

/** How many writes are under way at once. */
const maxUnderWay = 64;

/** A step that was done, with the revision of the northbound that it made; unchanged objects keep theirs. */
export interface Written {
  readonly step: Step;
  readonly revision: number;
}

/** Does what a plan says, in its order; `done` hears of each step. Throws when somebody else was faster; what was written stays. */
export async function write(
  store: Store,
  steps: readonly Step[],
  done: (written: Written) => void,
): Promise<readonly Written[]> {
  const all: Written[] = [];
  for (const group of groups(steps))
    for (const written of await Promise.all(group.map(async (step) => ({ step, revision: await one(store, step) })))) {
      done(written);
      all.push(written);
    }
  return all;
}

/** Steps that may be done at the same time: neighbours of one kind, not too many. */
function groups(steps: readonly Step[]): Step[][] {
  const out: Step[][] = [];
  let kind: Kind | undefined;
  for (const step of steps) {
    const last = out.at(-1);
    if (last === undefined || step.kind !== kind || last.length === maxUnderWay) out.push([step]);
    else last.push(step);
    kind = step.kind;
  }
  return out;
}

async function one(store: Store, { action, kind, ref, expected, after }: Step): Promise<number> {
  if (action === 'unchanged' || (action !== 'delete' && after === undefined)) return expected;
  try {
    if (after === undefined) return await removeObject(store, kind, ref, expected);
    return await (action === 'create' ? create(store, after) : putObject(store, kind, ref, after.value, expected));
  } catch (error) {
    if (!(error instanceof ConflictError)) throw error;
    throw new Error(
      `${objectName(kind, ref)} was changed by somebody else while we worked; look at it, and run the command again`,
      { cause: error },
    );
  }
}

/** Writes an object that is not there: on nothing, or on the tombstone of one that was deleted. */
async function create(store: Store, { kind, ref, value }: AnyObject): Promise<number> {
  try {
    return await putObject(store, kind, ref, value, 0);
  } catch (error) {
    if (!(error instanceof ConflictError)) throw error;
    const there = await store.nb.read(nbKey(kind, ref));
    if (there === undefined || there.text !== undefined) throw error;
    return putObject(store, kind, ref, value, there.revision);
  }
}

/** Gives back the addresses of ports that are gone, or that have addresses of their own now, where the credentials allow it. */
export async function giveBackAddresses(store: Store, steps: readonly Step[], { addresses }: Contents): Promise<void> {
  for (const { kind, ref, after } of steps) {
    if (kind !== 'lport' || !addresses.has(ref)) continue;
    if (after?.kind === 'lport' && after.value.ips === 'auto') continue;
    try {
      await releaseAddresses(store, ref);
    } catch (error) {
      if (isForbidden(store, error)) return;
      throw error;
    }
  }
}
