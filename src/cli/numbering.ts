// Numbers and addresses for objects that are about to be written, where the credentials allow it; a chassis gives them out otherwise.
import { NbError } from '../model/errors.js';
import { tenantOf } from '../model/ids.js';
import { addressCandidates } from '../model/numbering.js';
import { type AnyObject, objectName } from '../model/parse.js';
import { numberName } from '../model/world.js';
import { allocateAddresses } from '../sync/addresses.js';
import { Allocator } from '../sync/allocate.js';
import type { Store } from '../sync/buckets.js';
import { SyncError } from '../sync/errors.js';
import { type Contents, isForbidden } from './northbound-cli.js';

/** What came of it: what was refused, or that the credentials leave it to the chassis. */
export interface Numbered {
  readonly refused: readonly NbError[];
  readonly leftToChassis: boolean;
}

/**
 * Gives out what objects need: their unique keys, the VNI that a network names, addresses for `ips: auto`. `all` is everything that
 * will be there. What is given out is added to `contents`. A number that belongs to another object is a refusal.
 */
export async function number(
  store: Store,
  objects: readonly AnyObject[],
  all: readonly AnyObject[],
  contents: Contents,
): Promise<Numbered> {
  const allocator = new Allocator(store);
  const refused: NbError[] = [];
  try {
    await Promise.all(objects.map((object) => keyFor(allocator, object, contents, refused)));
    // One by one: each choice depends on those before it.
    for (const object of objects) await addressesFor(store, object, all, contents, refused);
    return { refused, leftToChassis: false };
  } catch (error) {
    if (isForbidden(store, error)) return { refused, leftToChassis: true };
    throw error;
  }
}

async function keyFor(
  allocator: Allocator,
  object: AnyObject,
  { numbers }: Contents,
  refused: NbError[],
): Promise<void> {
  const { kind, ref, value } = object;
  if (kind !== 'lport' && kind !== 'lswitch') return;
  const fixed = value.unique_key;
  if (numbers.get(numberName(kind, ref)) === undefined)
    await refusing(refused, object, 'unique_key', fixed, async () => {
      if (fixed !== undefined) await allocator.fix(kind, kind, ref, fixed);
      numbers.set(numberName(kind, ref), fixed ?? (await allocator.allocate(kind, kind, ref)));
    });
  const vni = kind === 'lswitch' ? value.segmentation_id : undefined;
  const held = numbers.get(numberName('vni', ref)) ?? numbers.get(numberName(kind, ref));
  if (vni === undefined || vni === held) return;
  await refusing(refused, object, 'segmentation_id', vni, async () => {
    await allocator.fix('vni', kind, ref, vni);
    numbers.set(numberName('vni', ref), vni);
  });
}

async function addressesFor(
  store: Store,
  object: AnyObject,
  all: readonly AnyObject[],
  { addresses, known }: Contents,
  refused: NbError[],
): Promise<void> {
  if (object.kind !== 'lport' || object.value.ips !== 'auto' || addresses.has(object.ref)) return;
  const { lswitch } = object.value;
  // Members of a network that we cannot read may have what we would choose; a chassis sees them.
  if (!known.has(tenantOf(lswitch))) return;
  const subnets = all.flatMap((other) =>
    other.kind === 'subnet' && other.value.lswitch === lswitch ? [other.value] : [],
  );
  const taken = new Set(
    all.flatMap((other) => {
      if (other.kind !== 'lport' || other.value.lswitch !== lswitch) return [];
      return other.value.ips === 'auto' ? (addresses.get(other.ref) ?? []) : other.value.ips;
    }),
  );
  if (subnets.length === 0) return;
  await refusing(refused, object, 'ips', 'auto', async () => {
    addresses.set(object.ref, await allocateAddresses(store, object.ref, lswitch, addressCandidates(subnets, taken)));
  });
}

/** Runs `work`; a number that is taken is a refusal of the object. */
async function refusing(
  refused: NbError[],
  { kind, ref }: AnyObject,
  field: string,
  value: unknown,
  work: () => Promise<void>,
): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof SyncError) || error.code !== 'NATS_NUMBER_TAKEN') throw error;
    refused.push(new NbError(objectName(kind, ref), [{ field, value, allowed: error.message }]));
  }
}
