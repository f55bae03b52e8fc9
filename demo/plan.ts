// What the demo is made of: the members of its networks, read from the very files that are applied, and where each is plugged.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { z } from 'zod';

/** The chassis of the demo, with the addresses of their tunnels. */
export const chassisAddresses = { c1: '172.31.0.1/24', c2: '172.31.0.2/24' } as const;
/** Those of their management interfaces, and of NATS there. */
export const managementAddresses = { c1: '192.168.77.1/24', c2: '192.168.77.2/24', nats: '192.168.77.254' } as const;
/** A chassis of the demo. */
export type ChassisName = keyof typeof chassisAddresses;

/** Which machine is plugged where; remote devices are nowhere. */
const placement: Readonly<Record<string, ChassisName>> = {
  vm1: 'c1',
  q2: 'c1',
  b1: 'c1',
  vm2: 'c2',
  p1: 'c2',
  p2: 'c2',
  p3: 'c2',
  b2: 'c2',
  plain: 'c1',
  parent: 'c1',
  'host-b': 'c2',
};

/** A logical port as the network sees it: one network stack with one MAC and one address. */
export interface Member {
  /** The lport's id; ids are unique in the demo. */
  readonly name: string;
  readonly tenant: string;
  /** `tenant/id` of its network. */
  readonly network: string;
  readonly mac: string;
  readonly ip: string;
  /** Empty where it has none. */
  readonly ip6: string;
  /** The lport whose interface its frames pass: itself, or its parent. */
  readonly machine: string;
  /** The VLAN id of its frames on that interface; 0 is untagged. */
  readonly vid: number;
  /** Undefined for a remote device. */
  readonly chassis: ChassisName | undefined;
}

const fileSchema = z.object({
  tenant: z.string(),
  objects: z.array(
    z.looseObject({
      kind: z.string(),
      id: z.string().optional(),
      lswitch: z.string().optional(),
      macs: z.array(z.string()).optional(),
      ips: z.array(z.string()).optional(),
      parent: z.string().optional(),
      port: z.string().optional(),
      segmentation_id: z.number().optional(),
    }),
  ),
});

/** The path of one of the demo's files; they are not compiled, so seen from dist/demo they lie in the sources. */
export function demoFile(name: string): string {
  return fileURLToPath(new URL(`../../demo/${name}`, import.meta.url));
}

/** The northbound files of the demo. */
export const demoFiles = [demoFile('red.yaml'), demoFile('blue.yaml')];

/** Everybody who has a port in one of the files. */
export function membersOf(path: string): Member[] {
  const { tenant, objects } = fileSchema.parse(parse(readFileSync(path, 'utf8')));
  const children = new Map(objects.flatMap((object) => (object.port === undefined ? [] : [[object.port, object]])));
  return objects.flatMap(({ kind, id: name, lswitch, macs, ips }) => {
    const [mac] = macs ?? [];
    const [ip, ip6 = ''] = ips ?? [];
    if (kind !== 'lport' || name === undefined || mac === undefined || ip === undefined) return [];
    const child = children.get(name);
    const machine = child?.parent ?? name;
    const network = `${tenant}/${lswitch ?? ''}`;
    return [
      { name, tenant, network, mac, ip, ip6, machine, vid: child?.segmentation_id ?? 0, chassis: placement[machine] },
    ];
  });
}

/** Everybody who has a port in the demo. */
export const members: readonly Member[] = demoFiles.flatMap(membersOf);

/** The member of that name. */
export function member(name: string): Member {
  const found = members.find((candidate) => candidate.name === name);
  if (found === undefined) throw new Error(`the demo has no member ${name}`);
  return found;
}

/** Machines that tag their own frames: parents of children. */
export const trunkMachines = [...new Set(members.filter(({ vid }) => vid !== 0).map(({ machine }) => machine))];
