// What an lport is once its references and numbers are there: addresses in canonical form, its network, what it may send.
import { type Address, parseAddress, parsePrefix, type Prefix } from './addresses.js';
import { tunnelOptions } from './endpoint.js';
import { operator, type PortKey, portKey, type Ref, tenantOf } from './ids.js';
import { type LPort } from './kinds.js';
import { mayUse, type Network } from './network.js';
import { type Answer, refused, waiting } from './verdict.js';
import { numberName, type World } from './world.js';

/** An lport with its number and its network. */
export interface Port {
  readonly ref: Ref;
  readonly key: PortKey;
  readonly network: Network;
  readonly macs: readonly string[];
  readonly ips: readonly Address[];
  readonly portSecurity: boolean;
  /** Further addresses that it may use; a pair without a MAC goes with each of the port's own. */
  readonly pairs: readonly { readonly ip: Prefix; readonly mac: string | undefined }[];
  /** Ethertypes besides IPv4, IPv6 and ARP that port security lets through. */
  readonly ethertypes: readonly number[];
  readonly unknownVlans: 'passthrough' | 'drop';
  /** The tenants that may make it their child. */
  readonly sharedWith: readonly string[];
}

/** An lport by its reference, or why there is none yet. `networkOf` is the view's remembered resolveNetwork. */
export function resolvePort(world: World, networkOf: (ref: Ref) => Answer<Network>, ref: Ref): Answer<Port> {
  const value = world.lports.get(ref);
  if (value === undefined) return waiting('lport', ref, `waits for lport ${ref}`);
  if (!value.enabled) return waiting('enabled', false, 'is disabled (enabled: false)');
  const network = networkFor(world, networkOf, ref, value);
  if (network.no !== undefined) return network;
  const key = world.numbers.get(numberName('lport', ref));
  if (key === undefined) return waiting('unique_key', undefined, 'waits for its unique key to be allocated');
  if (value.unique_key !== undefined && value.unique_key !== key)
    return refused('unique_key', value.unique_key, 'is not allocated to this object');
  const vni = value.binding?.type === 'vtep' ? value.binding.vni : undefined;
  if (vni !== undefined && vni !== network.ok.vni && !mayNameVni(world, ref, vni))
    return refused(
      'binding.vni',
      vni,
      'is not the VNI of its network: another one may be another network’s, so only devices of the operator name it',
    );
  const options = tunnelOptions(value);
  if (options !== undefined && tenantOf(ref) !== operator)
    return refused(
      `binding.${Object.keys(options)[0] ?? ''}`,
      Object.values(options)[0],
      'is for devices of the operator: the tunnel to its VTEP may be another tenant’s too',
    );
  const ips = value.ips === 'auto' ? allottedIps(world, ref, value.lswitch) : value.ips;
  if (ips === undefined) return waiting('ips', 'auto', 'waits for its addresses to be allocated');
  return {
    ok: {
      ref,
      key: portKey(key),
      network: network.ok,
      macs: value.macs === 'auto' ? [autoMac(key)] : value.macs,
      ips: ips.flatMap((text) => parseAddress(text) ?? []).slice(), // a copy has no room to grow
      portSecurity: value.port_security,
      pairs: value.allowed_address_pairs.flatMap((pair) => {
        const ip = parsePrefix(pair.ip_address);
        return ip === undefined ? [] : [{ ip, mac: pair.mac_address }];
      }),
      ethertypes: value.allowed_ethertypes,
      unknownVlans: value.unknown_vlans,
      sharedWith: value.shared_with,
    },
  };
}

/** The addresses that a port got on a network; undefined while it has none there: those of a network that it has left are not its own. */
export function allottedIps(world: World, ref: Ref, lswitch: Ref): readonly string[] | undefined {
  const held = world.addresses.get(ref);
  return held?.lswitch === lswitch ? held.ips : undefined;
}

/** The MAC address of an lport that asked for `macs: auto`: a function of its key, so nothing needs to be remembered. */
export function autoMac(key: number): string {
  // fa:16:3e is what OpenStack's ports have; keys beyond its 24 bits get a prefix that is locally administered as well.
  const [prefix, digits] = key <= 0xffffff ? ['fa163e', 6] : ['fe16', 8];
  return (prefix + key.toString(16).padStart(digits, '0')).replace(/(..)(?=.)/g, '$1:');
}

/** Whether a device may use a VNI that is not its network's: whoever may choose one could reach, or take, another tenant's traffic. */
const mayNameVni = (world: World, ref: Ref, vni: number): boolean =>
  tenantOf(ref) === operator || world.numbers.get(numberName('device_vni', ref)) === vni;

function networkFor(world: World, networkOf: (ref: Ref) => Answer<Network>, ref: Ref, value: LPort): Answer<Network> {
  const tenant = tenantOf(ref);
  const foreign = tenantOf(value.lswitch) !== tenant;
  if (foreign && tenant !== operator && world.settled.get(tenantOf(value.lswitch)) === undefined)
    return waiting('lswitch', value.lswitch, 'waits for the northbound of the tenant of its lswitch');
  // The same words whether it does not exist or is not shared: a tenant learns nothing about another's names.
  if (foreign && !mayUse(world, value.lswitch, tenant, 'shared_with'))
    return refused('lswitch', value.lswitch, `there is no lswitch of that name that is shared with ${tenant}`);
  if (value.binding?.type === 'vtep' && foreign && !mayUse(world, value.lswitch, tenant, 'allow_remote'))
    return refused('binding.type', 'vtep', `the lswitch does not allow remote devices of ${tenant} (allow_remote)`);
  return networkOf(value.lswitch);
}
