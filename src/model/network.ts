// What a network is once its references and its number are there, and who may use it.
import { type Ref, type NetworkKey, networkKey, operator, tenantOf } from './ids.js';
import { type TunnelType, tunnelTypes } from './kinds.js';
import { numberName, type World } from './world.js';
import { type Answer, refused, waiting } from './verdict.js';

/** A network with its number. */
export interface Network {
  readonly ref: Ref;
  readonly key: NetworkKey;
  /** The tunnel type of an overlay; undefined for vlan, flat and local networks. */
  readonly overlay: TunnelType | undefined;
  /** The virtual network identifier on the wire, 1 to 2^24 - 1. */
  readonly vni: number;
}

/** Whether a network lets a tenant do something with it: hold members, or name VTEPs. */
export function mayUse(world: World, network: Ref, tenant: string, grant: 'shared_with' | 'allow_remote'): boolean {
  if (tenant === operator || tenant === tenantOf(network)) return true;
  return world.lswitches.get(network)?.[grant].includes(tenant) ?? false;
}

/** A network by its reference, or why there is none yet. */
export function resolveNetwork(world: World, ref: Ref): Answer<Network> {
  const value = world.lswitches.get(ref);
  if (value === undefined) return waiting('lswitch', ref, `waits for lswitch ${ref}`);
  const key = world.numbers.get(numberName('lswitch', ref));
  if (key === undefined) return waiting('unique_key', undefined, 'waits for its unique key to be allocated');
  if (key > 0xffffff) return refused('unique_key', key, 'does not fit 24 bits, which group ids and VNIs have');
  if (value.unique_key !== undefined && value.unique_key !== key)
    return refused('unique_key', value.unique_key, 'is not allocated to this object');
  const vni = world.numbers.get(numberName('vni', ref)) ?? key;
  if (value.segmentation_id !== undefined && value.segmentation_id !== vni)
    return refused('segmentation_id', value.segmentation_id, 'is not allocated to this object by the operator');
  const overlay = tunnelTypes.find((type) => type === value.network_type);
  return { ok: { ref, key: networkKey(key), overlay, vni } };
}
