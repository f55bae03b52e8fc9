// Random small networks for the isolation test: plain data, and the northbound objects that it means.
import fc from 'fast-check';
import type { CompileOptions } from '../../src/cli/compiled.js';

/** A port: `mac` also numbers its addresses, so that ports on different networks may share all of them. */
export interface SitePort {
  readonly id: string;
  readonly tenant: string;
  readonly network: string;
  readonly mac: number;
  readonly enabled: boolean;
  readonly secured: boolean;
  readonly dropsUnknown: boolean;
}

/** A port with an interface of its own, and the ports that are told apart on it by tags. */
export interface Slot {
  readonly ofport: number;
  readonly port: SitePort;
  readonly children: readonly { readonly vid: number; readonly enabled: boolean; readonly port: SitePort }[];
}

/** A port elsewhere: on chassis c2, or a device behind a VTEP. */
export interface Away {
  readonly port: SitePort;
  readonly address: string;
}

export interface Site {
  readonly mode: CompileOptions['tunnelMode'];
  readonly slots: readonly Slot[];
  readonly away: readonly Away[];
}

const networks = [
  { ref: 'red/n1', tenants: ['red', 'blue'] },
  { ref: 'red/n2', tenants: ['red'] },
  { ref: 'blue/n1', tenants: ['blue'] },
] as const;
export const networkRefs = networks.map(({ ref }) => ref);
/** The VLAN ids of children; 30 is never anybody's. */
export const childVids = [10, 11, 12] as const;
export const chassisAddress = '192.0.2.2';
export const vteps = ['203.0.113.9', '203.0.113.10'] as const;
const tunnelOf = { [chassisAddress]: 7, [vteps[0]]: 8, [vteps[1]]: 9 } as const;
export const tunnelOfports: readonly number[] = [7, 8, 9];

/** The ofport of the tunnel to an address. */
export const tunnelTo = ({ mode }: Site, address: string): number =>
  mode === 'flow' ? 7 : (Object.entries(tunnelOf).find(([known]) => known === address)?.[1] ?? 0);

const rough = fc.record({
  network: fc.constantFrom(...networks),
  tenant: fc.nat(1),
  mac: fc.integer({ min: 1, max: 8 }),
  enabled: fc.constantFrom(true, true, true, true, false),
  secured: fc.boolean(),
  dropsUnknown: fc.boolean(),
});
type Rough = typeof rough extends fc.Arbitrary<infer T> ? T : never;

const roughSlot = fc.record({
  port: rough,
  children: fc.uniqueArray(
    fc.record({ vid: fc.constantFrom(...childVids), enabled: fc.constantFrom(true, true, true, false), port: rough }),
    { maxLength: 3, selector: ({ vid }) => vid },
  ),
});
const roughAway = fc.record({ port: rough, address: fc.constantFrom(chassisAddress, ...vteps) });

/** Small networks without two ports of one MAC on one network: those are refused, which is another test's matter. */
export const sites: fc.Arbitrary<Site> = fc
  .record({
    mode: fc.constantFrom<CompileOptions['tunnelMode']>('per-remote', 'flow'),
    slots: fc.array(roughSlot, { minLength: 1, maxLength: 5 }),
    away: fc.array(roughAway, { maxLength: 4 }),
  })
  .map(({ mode, slots, away }) => {
    const taken = new Set<string>();
    const port = (from: Rough, id: string): SitePort => {
      let mac = from.mac;
      while (taken.has(`${from.network.ref} ${mac}`)) mac++;
      taken.add(`${from.network.ref} ${mac}`);
      const { enabled, secured, dropsUnknown } = from;
      const tenant = from.network.tenants[from.tenant] ?? from.network.tenants[0];
      return { id, tenant, network: from.network.ref, mac, enabled, secured, dropsUnknown };
    };
    return {
      mode,
      slots: slots.map((slot, i) => ({
        ofport: i + 1,
        port: port(slot.port, `p${i + 1}`),
        children: slot.children.map((child) => ({ ...child, port: port(child.port, `p${i + 1}-${child.vid}`) })),
      })),
      away: away.map(({ port: from, address }, i) => ({ port: port(from, `away${i}`), address })),
    };
  });

export const macOf = (number: number): string => `fa:16:3e:00:00:${number.toString(16).padStart(2, '0')}`;
export const ipv4Of = (number: number): string => `10.0.0.${number}`;
export const ipv6Of = (number: number): string => `2001:db8::${number.toString(16)}`;

function lport(port: SitePort, binding?: object): object {
  return {
    kind: 'lport',
    tenant: port.tenant,
    id: port.id,
    lswitch: port.network,
    macs: [macOf(port.mac)],
    ips: [ipv4Of(port.mac), ipv6Of(port.mac)],
    enabled: port.enabled,
    port_security: port.secured,
    unknown_vlans: port.dropsUnknown ? 'drop' : 'passthrough',
    shared_with: ['red', 'blue'],
    ...(binding === undefined ? {} : { binding }),
  };
}

/** What compile takes for a site. */
export function compileInput({ mode, slots, away }: Site): { yaml: string; options: CompileOptions } {
  const chassis = (id: string, ip: string) => ({ kind: 'chassis', id, ips: [ip], tunnel_types: ['vxlan'] });
  const objects = [
    chassis('c1', '192.0.2.1'),
    chassis('c2', chassisAddress),
    ...networks.map(({ ref }) => {
      const [tenant, id] = ref.split('/');
      return { kind: 'lswitch', tenant, id, shared_with: ['red', 'blue'], allow_remote: ['red', 'blue'] };
    }),
    ...slots.flatMap(({ port, children }) => [
      lport(port),
      ...children.flatMap((child) => [
        lport(child.port),
        {
          kind: 'child_port_segmentation',
          tenant: port.tenant,
          id: child.port.id,
          parent: `${port.tenant}/${port.id}`,
          port: `${child.port.tenant}/${child.port.id}`,
          segmentation_id: child.vid,
          enabled: child.enabled,
        },
      ]),
    ]),
    ...away.map(({ port, address }) =>
      lport(
        port,
        address === chassisAddress ? { type: 'chassis', chassis: 'c2' } : { type: 'vtep', vtep_address: address },
      ),
    ),
  ];
  const tunnels =
    mode === 'flow'
      ? { vxlan: 7 }
      : Object.fromEntries(Object.entries(tunnelOf).map(([address, ofport]) => [`vxlan/${address}`, ofport]));
  const ofports = Object.fromEntries(slots.map(({ ofport, port }) => [`${port.tenant}/${port.id}`, ofport]));
  return {
    yaml: JSON.stringify({ objects }),
    options: { chassis: 'c1', tunnelMode: mode, ports: { ofports, tunnels, bindings: {} } },
  };
}
