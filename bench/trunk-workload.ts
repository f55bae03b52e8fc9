// Generated trunks and remote devices, spread over networks, and what is added to them one at a time.
import { type PlainObject, portId } from './workload.js';

/** How much there is. */
export interface TrunkSize {
  readonly trunks: number;
  readonly childrenPerTrunk: number;
  readonly networks: number;
  readonly devices: number;
  readonly vteps: number;
}

const hex = (value: number, digits: number): string => value.toString(16).padStart(digits, '0');
const network = (index: number, { networks }: TrunkSize): string => `net${index % networks}`;

/** The address of a VTEP. */
export const vtepAddress = (index: number): string => `198.51.${100 + (index >> 8)}.${index & 0xff}`;

/** Addresses of the three sorts of ports: the first byte of the IPv4 address and the fourth of the MAC address tell them apart. */
function addresses(sort: 1 | 2 | 3, index: number): { macs: string[]; ips: string[] } {
  const [high, low] = [index >> 8, index & 0xff];
  return { macs: [`fa:16:3e:0${sort}:${hex(high, 2)}:${hex(low, 2)}`], ips: [`10.${sort}.${high}.${low}`] };
}

const lport = (id: string, value: Record<string, unknown>): PlainObject => ({
  kind: 'lport',
  id,
  value: { ...value, port_security: false },
});

const parent = (index: number, size: TrunkSize): PlainObject =>
  lport(portId(index), { lswitch: network(index, size), ...addresses(1, index) });

/** A child and its place; `vid` is its VLAN id on the trunk. Numbers are given in byte order of the ids. */
export function child(trunk: number, vid: number, size: TrunkSize, id = `c${trunk}-${vid}`): PlainObject[] {
  const index = trunk * (size.childrenPerTrunk + 1) + vid; // one more may be added to each
  const place = { parent: portId(trunk), port: id, segmentation_type: 'vlan', segmentation_id: vid };
  return [
    lport(id, { lswitch: network(trunk + vid, size), ...addresses(2, index) }),
    { kind: 'child_port_segmentation', id: `${id}-place`, value: place },
  ];
}

/** A device behind a VTEP. */
export function device(index: number, vtep: number, size: TrunkSize, id = `d${index}`): PlainObject[] {
  const binding = { type: 'vtep', vtep_address: vtepAddress(vtep) };
  return [lport(id, { lswitch: network(index, size), ...addresses(3, index), binding })];
}

const upTo = (length: number): number[] => Array.from({ length }, (_, index) => index);

/** Everything of a size. */
export function trunkObjects(size: TrunkSize): PlainObject[] {
  return [
    ...upTo(size.networks).map((index): PlainObject => ({ kind: 'lswitch', id: `net${index}`, value: {} })),
    ...upTo(size.trunks).map((trunk) => parent(trunk, size)),
    ...upTo(size.trunks).flatMap((trunk) => upTo(size.childrenPerTrunk).flatMap((i) => child(trunk, i + 1, size))),
    ...upTo(size.devices).flatMap((index) => device(index, index % size.vteps, size)),
  ];
}
