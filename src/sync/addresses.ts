// Addresses of a network, each given to one port at a time: a key per address decides, a key per port remembers.
import type { Ref } from '../model/ids.js';
import type { Entry } from './bucket.js';
import type { Store } from './buckets.js';
import { create, take } from './create.js';
import { ConflictError, SyncError } from './errors.js';
import { addressKey, heldKey } from './keys.js';
import { readAddresses, readHolder } from './records.js';

/** How many candidates of one subnet are tried before it counts as full. */
const maxTries = 65_536;

const portKeyOf = (port: Ref): string => heldKey('ip', 'lport', port);

/**
 * Gives a port one address of each subnet: the first candidate that is free on the network. A port that has its addresses
 * there keeps them; one that moved here gives the old ones back. Throws SyncError when a subnet has none left.
 */
export async function allocateAddresses(
  store: Store,
  port: Ref,
  lswitch: Ref,
  subnets: readonly Iterable<string>[],
): Promise<readonly string[]> {
  const before = await store.alloc.read(portKeyOf(port));
  const held = before?.text === undefined ? undefined : readAddresses(before.text);
  if (held?.lswitch === lswitch && held.addresses.length === subnets.length) return held.addresses;
  const addresses: string[] = [];
  for (const candidates of subnets) addresses.push(await firstFree(store, port, lswitch, candidates));
  try {
    await store.alloc.put(portKeyOf(port), { lswitch, addresses }, before?.revision ?? 0);
  } catch (error) {
    if (!(error instanceof ConflictError)) throw error;
    // Another chassis did the same; what it wrote holds, and what we took beyond that goes back.
    const winner = await create(store.alloc, portKeyOf(port), {});
    const kept = winner.isOurs ? undefined : readAddresses(winner.entry.text ?? '');
    const surplus = addresses.filter((address) => kept?.lswitch !== lswitch || !kept.addresses.includes(address));
    await Promise.all(surplus.map((address) => giveBack(store, port, lswitch, address)));
    return kept?.lswitch === lswitch ? kept.addresses : allocateAddresses(store, port, lswitch, subnets);
  }
  const old =
    held === undefined ? [] : held.addresses.filter((each) => held.lswitch !== lswitch || !addresses.includes(each));
  if (held !== undefined) await Promise.all(old.map((address) => giveBack(store, port, held.lswitch, address)));
  return addresses;
}

/** Gives back every address of a port that is gone. */
export async function releaseAddresses(store: Store, port: Ref): Promise<void> {
  const entry = await store.alloc.read(portKeyOf(port));
  const held = entry?.text === undefined ? undefined : readAddresses(entry.text);
  if (entry === undefined || held === undefined) return;
  await Promise.all(held.addresses.map((address) => giveBack(store, port, held.lswitch, address)));
  await ignoringConflict(store.alloc.remove(portKeyOf(port), entry.revision));
}

const isOf = (port: Ref, { text }: Entry): boolean => text !== undefined && readHolder(text)?.ref === port;

async function firstFree(store: Store, port: Ref, lswitch: Ref, candidates: Iterable<string>): Promise<string> {
  let tries = 0;
  for (const address of candidates) {
    if ((tries += 1) > maxTries) break;
    const other = await take(
      store.alloc,
      addressKey(lswitch, address),
      { kind: 'lport', object: port },
      ({ text }) => text === undefined,
    );
    if (other === undefined || isOf(port, other)) return address;
  }
  throw new SyncError('NATS_NUMBER_TAKEN', `lport ${port}: no address of a subnet of ${lswitch} is left`);
}

async function giveBack(store: Store, port: Ref, lswitch: Ref, address: string): Promise<void> {
  const key = addressKey(lswitch, address);
  const entry = await store.alloc.read(key);
  if (entry !== undefined && isOf(port, entry)) await ignoringConflict(store.alloc.remove(key, entry.revision));
}

/** Whoever wrote in between knows better. */
async function ignoringConflict(write: Promise<number>): Promise<void> {
  try {
    await write;
  } catch (error) {
    if (!(error instanceof ConflictError)) throw error;
  }
}
