// Generated networks: ports spread over logical switches, as northbound objects and as the messages that compile makes of them.
import { compile, type Compiled, type PortsFile } from '../src/cli/compiled.js';
import { type AnyObject, parseObject } from '../src/model/parse.js';
import { demand } from './gate.js';

/** How large the networks are and what a port asks for. */
export interface WorkloadOptions {
  readonly ports: number;
  readonly portsPerNetwork?: number;
  /** Without it a port is about ten flows, with it about twenty-four. */
  readonly portSecurity: boolean;
}

/** The tenant that everything generated belongs to. */
export const tenant = 'bench';
/** The chassis that everything is compiled for. */
export const chassis = 'c1';

const hex = (value: number, digits: number): string => value.toString(16).padStart(digits, '0');

/** The id of a generated port, which is the name of its interface as well; in byte order, which is the order of numbering. */
export const portId = (index: number): string => `p${String(index).padStart(6, '0')}`;

/** What the northbound holds of a generated port; the index gives MAC and IP address. */
export function portValue(index: number, network: number, portSecurity: boolean) {
  const bytes = [(index >> 16) & 0xff, (index >> 8) & 0xff, index & 0xff];
  return {
    lswitch: `net${network}`,
    macs: [`fa:16:3e:${bytes.map((byte) => hex(byte, 2)).join(':')}`],
    ips: [`10.${bytes.join('.')}`],
    port_security: portSecurity,
  };
}

/** An object before it is parsed; `tenant` where it is not the generated one. */
export interface PlainObject {
  readonly tenant?: string;
  readonly kind: 'chassis' | 'lswitch' | 'lport' | 'child_port_segmentation';
  readonly id: string;
  readonly value: Readonly<Record<string, unknown>>;
}

/** The key of an object in the northbound's bucket. */
export const keyOf = (object: PlainObject): string => `${object.tenant ?? tenant}.${object.kind}.${object.id}`;

/** The objects of a workload: each network before its ports. */
export function plainObjects({ ports, portsPerNetwork = 50, portSecurity }: WorkloadOptions): PlainObject[] {
  const objects: PlainObject[] = [];
  for (let index = 0; index < ports; index++) {
    const network = Math.floor(index / portsPerNetwork);
    if (index % portsPerNetwork === 0) objects.push({ kind: 'lswitch', id: `net${network}`, value: {} });
    objects.push({ kind: 'lport', id: portId(index), value: portValue(index, network, portSecurity) });
  }
  return objects;
}

/** The objects as the model takes them. */
export const parsed = (objects: readonly PlainObject[]): AnyObject[] =>
  objects.map((object) => parseObject(object.kind, object.tenant ?? tenant, object.id, object.value));

/** The messages for a chassis; ports are local, with ofports counted from 1, unless `live` says otherwise. */
export function compiled(objects: readonly AnyObject[], live: Partial<PortsFile> = {}): Compiled {
  const ports = { ofports: {}, tunnels: {}, bindings: {}, ...live };
  const result = compile(objects, [], { chassis, ports, tunnelMode: 'per-remote' });
  demand(result.refused.length === 0, `compile refuses ${result.refused[0]?.text ?? ''}`);
  return result;
}
