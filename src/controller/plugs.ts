// Which lport an interface carries: by its iface-id and tenant, as the database of Open vSwitch has them, or by its name where
// there is no database.
import { isName, isReference, nameRule, type Ref, refIn, refOf } from '../model/ids.js';
import type { Bridge, Interface, Port } from '../ovsdb/rows.js';
import { steps } from '../turns/slices.js';
import type { Plug } from './bridge-ports.js';

/** An interface that asks for an lport. */
export interface Request {
  readonly interface: string;
  readonly ifaceId: string;
  readonly error: string | undefined;
  /** What the iface-id and the tenant say by themselves. */
  readonly carries: Carried;
}

/** What is known of an iface-id without a tenant: the lport that it is, or why it is none. */
export type Found = { readonly ref: Ref } | { readonly problem: string } | undefined;

/** The same of an interface. */
type Carried = Plug | { readonly problem: string } | undefined;

/** What a port of a bridge asks for. */
export interface Asking {
  readonly port: Port;
  readonly requests: readonly Request[];
}

/** What the ports of a bridge ask for, by name, in small steps; `before` is what they asked for earlier: few have changed since. */
export function* askingOf({ ports }: Bridge, before: readonly Asking[]): Generator<void, Asking[]> {
  const asking: Asking[] = [];
  const isStep = steps();
  let next = 0;
  for (const port of ports) {
    if (isStep()) yield;
    let known = before[next];
    while (known !== undefined && known.port.name < port.name) known = before[++next];
    asking.push(known?.port === port ? known : { port, requests: requestsOfPort(port) });
  }
  return asking;
}

const requestsOfPort = ({ interfaces }: Port): Request[] => interfaces.flatMap((iface) => requestOf(iface) ?? []);

function requestOf({ name, externalIds, error, ofport }: Interface): Request | undefined {
  const ifaceId = externalIds.get('iface-id');
  if (ifaceId === undefined || ifaceId === '') return undefined;
  const said = error ?? (ofport === -1 ? 'Open vSwitch could not open it' : undefined);
  return requestFor(name, ifaceId, externalIds.get('damselfly-tenant'), said);
}

/** Without a database, every port but the bridge's own asks for the lport of its name. */
export const requestsByName = (names: Iterable<string>): Request[] =>
  [...names].map((name) => requestFor(name, name, undefined, undefined));

function requestFor(name: string, ifaceId: string, tenant: string | undefined, error: string | undefined): Request {
  return { interface: name, ifaceId, error, carries: carriedBy(namedBy(ifaceId, tenant), name, error) };
}

const carriedBy = (found: Found, name: string, error: string | undefined): Carried =>
  found !== undefined && 'ref' in found ? { ref: found.ref, interface: name, error } : found;

/** The lports of requests, in small steps; `find` answers for those whose tenant is not named. */
export function* plugsOf(
  requests: readonly Request[],
  find: (ifaceId: string) => Found,
): Generator<void, { plugs: Plug[]; problems: string[] }> {
  const plugs: Plug[] = [];
  const problems: string[] = [];
  const isStep = steps();
  for (const { interface: name, ifaceId, error, carries } of requests) {
    if (isStep()) yield;
    const carried = carries ?? carriedBy(find(ifaceId), name, error);
    if (carried === undefined) continue;
    if ('ref' in carried) plugs.push(carried);
    else problems.push(`interface ${name}: ${carried.problem}`);
  }
  return { plugs, problems };
}

function namedBy(ifaceId: string, tenant: string | undefined): Found {
  if (!isReference(ifaceId)) return { problem: `iface-id ${JSON.stringify(ifaceId)} is not an id, nor tenant/id` };
  if (tenant !== undefined && !isName(tenant))
    return { problem: `damselfly-tenant ${JSON.stringify(tenant)} is not the name of a tenant: ${nameRule}` };
  if (ifaceId.includes('/')) return { ref: refIn('', ifaceId) };
  return tenant === undefined ? undefined : { ref: refOf(tenant, ifaceId) };
}
