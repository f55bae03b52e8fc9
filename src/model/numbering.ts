// Numbers and addresses for objects that have none, where no northbound gives them out: for compile and for tests. Pure and
// deterministic: byte order decides. A northbound uses the same choice of addresses, one at a time.
import { addressFrom, addressNumber, parseAddress, parsePrefix } from './addresses.js';
import { type Fault } from './errors.js';
import { byteOrder, type Ref } from './ids.js';
import { type Subnet } from './kinds.js';
import { type AnyObject, objectName } from './parse.js';
import { numberName, type World } from './world.js';

const numbered = ['lswitch', 'lport'] as const;

/** Gives every lswitch and lport of a world the key that its file names, or else the smallest free one, and addresses to those with `auto`. */
export function numberOffline(world: World, objects: readonly AnyObject[]): Map<string, Fault> {
  const faults = new Map<string, Fault>();
  for (const kind of numbered) {
    const of = objects.filter((object) => object.kind === kind).sort((a, b) => byteOrder(a.ref, b.ref));
    const keys = new Map<number, Ref>();
    for (const object of of) {
      const key = 'unique_key' in object.value ? object.value.unique_key : undefined;
      if (key === undefined) continue;
      const holder = keys.get(key);
      if (holder !== undefined)
        faults.set(objectName(kind, object.ref), {
          field: 'unique_key',
          value: key,
          allowed: `is that of ${objectName(kind, holder)}`,
        });
      else keys.set(key, object.ref);
    }
    const vnis = new Set(of.flatMap((object) => vniOf(object) ?? []));
    let first = 1;
    for (const object of of) {
      if ('unique_key' in object.value && object.value.unique_key !== undefined) continue;
      while (keys.has(first)) first++;
      let key = first;
      while (keys.has(key) || (vnis.has(key) && vniOf(object) === undefined)) key++; // its key would be its VNI
      keys.set(key, object.ref);
    }
    for (const [key, ref] of keys) world.numbers.set(numberName(kind, ref), key);
  }
  for (const [name, fault] of vnisOffline(world, objects)) faults.set(name, fault);
  // In a file the author is the operator: a VNI that is written is a VNI that is allocated.
  for (const { kind, ref, value } of objects) {
    if (kind === 'lport' && value.binding?.type === 'vtep' && value.binding.vni !== undefined)
      world.numbers.set(numberName('device_vni', ref), value.binding.vni);
  }
  addressOffline(world, objects);
  return faults;
}

/** The VNI that a network names; one without a VNI of its own has its key as VNI. */
const vniOf = (object: AnyObject): number | undefined =>
  object.kind === 'lswitch' ? object.value.segmentation_id : undefined;

/** Gives networks the VNIs that they name, unless that is the VNI of another one. */
function vnisOffline(world: World, objects: readonly AnyObject[]): Map<string, Fault> {
  const faults = new Map<string, Fault>();
  const networks = objects.filter(({ kind }) => kind === 'lswitch').sort((a, b) => byteOrder(a.ref, b.ref));
  const holders = new Map<number, Ref>();
  for (const network of networks) {
    const key = world.numbers.peek(numberName('lswitch', network.ref));
    if (vniOf(network) === undefined && key !== undefined) holders.set(key, network.ref);
  }
  for (const network of networks) {
    const vni = vniOf(network);
    if (vni === undefined) continue;
    const holder = holders.get(vni);
    if (holder !== undefined) {
      const allowed = `is the VNI of ${objectName('lswitch', holder)}`;
      faults.set(objectName('lswitch', network.ref), { field: 'segmentation_id', value: vni, allowed });
      continue;
    }
    holders.set(vni, network.ref);
    world.numbers.set(numberName('vni', network.ref), vni);
  }
  return faults;
}

function addressOffline(world: World, objects: readonly AnyObject[]): void {
  const ports = objects
    .flatMap((object) => (object.kind === 'lport' ? [object] : []))
    .sort((a, b) => byteOrder(a.ref, b.ref));
  const taken = new Map<Ref, Set<string>>();
  const takenOn = (network: Ref): Set<string> => {
    const set = taken.get(network) ?? new Set<string>();
    taken.set(network, set);
    return set;
  };
  for (const { value } of ports) if (value.ips !== 'auto') for (const ip of value.ips) takenOn(value.lswitch).add(ip);
  for (const { ref, value } of ports) {
    if (value.ips !== 'auto') continue;
    const subnets = objects.flatMap((object) =>
      object.kind === 'subnet' && object.value.lswitch === value.lswitch ? [object] : [],
    );
    const chosen = addressCandidates(
      subnets.sort((a, b) => byteOrder(a.ref, b.ref)).map((subnet) => subnet.value),
      takenOn(value.lswitch),
    ).flatMap(firstOf);
    for (const address of chosen) takenOn(value.lswitch).add(address);
    world.addresses.set(ref, { lswitch: value.lswitch, ips: chosen });
  }
}

/** For each family that has a subnet, the addresses that it gives out and that are not taken, in order, as often as asked. */
export function addressCandidates(subnets: readonly Subnet[], taken: ReadonlySet<string>): Iterable<string>[] {
  const of = (family: 4 | 6): Subnet[] => subnets.filter(({ cidr }) => parsePrefix(cidr)?.family === family);
  return ([4, 6] as const)
    .map(of)
    .filter((ofFamily) => ofFamily.length > 0)
    .map((ofFamily) => ({ [Symbol.iterator]: () => addressesOf(ofFamily, taken) }));
}

function* addressesOf(subnets: readonly Subnet[], taken: ReadonlySet<string>): Generator<string> {
  for (const subnet of subnets)
    for (const { from, to, family } of rangesOf(subnet))
      for (let value = from; value <= to; value++) {
        const { text } = addressFrom(family, value);
        if (text !== subnet.gateway_ip && !taken.has(text)) yield text;
      }
}

/** The first of a sequence, in a list; nothing of an empty one. */
function firstOf(candidates: Iterable<string>): string[] {
  for (const candidate of candidates) return [candidate];
  return [];
}

/** The addresses that a subnet gives out: its allocation ranges, or all but the network's own, the broadcast address and, for IPv4, the usual gateway. */
function rangesOf(subnet: Subnet): { from: bigint; to: bigint; family: 4 | 6 }[] {
  const prefix = parsePrefix(subnet.cidr);
  if (prefix === undefined) return [];
  const { family } = prefix;
  if (subnet.allocation !== undefined)
    return subnet.allocation.flatMap(({ start, end }) => {
      const [from, to] = [parseAddress(start), parseAddress(end)];
      return from?.family === family && to?.family === family
        ? [{ from: addressNumber(from), to: addressNumber(to), family }]
        : [];
    });
  const size = 1n << BigInt((family === 4 ? 32 : 128) - prefix.length);
  const base = addressNumber(prefix);
  // The first host is left for the gateway where none is named, as Neutron does.
  const first = base + (subnet.gateway_ip === undefined && size > 2n ? 2n : 1n);
  return size < 4n
    ? [{ from: base, to: base + size - 1n, family }]
    : [{ from: first, to: base + size - (family === 4 ? 2n : 1n), family }];
}
