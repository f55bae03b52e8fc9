// Breaking one thing at a time, to see that exactly the lines that speak of it turn red: a check that cannot fail is none.
import type { Ovs } from '../test/lab/ovs.js';
import { ip } from '../test/lab/netns.js';
import { member } from './plan.js';
import type { Site } from './site.js';

/** Something broken on purpose: `break` resolves to what mends it again; `red` are the ids of lines that must fail. */
export interface Sabotage {
  readonly title: string;
  readonly break: () => Promise<() => Promise<void>>;
  readonly red: readonly string[];
}

/** Changes flows, and puts all of them back as they were. */
async function withFlows(ovs: Ovs, change: () => Promise<unknown>): Promise<() => Promise<void>> {
  const before = await ovs.ofctl(['--no-stats', 'dump-flows', 'br-int']);
  await change();
  return async () => {
    await ovs.ofctl(['replace-flows', 'br-int', '-'], before);
  };
}

function flowDeleted(site: Site): Sabotage {
  const { ovs } = site.chassis.c1;
  const flow = `table=0,priority=150,in_port=${site.ofport('vm1')},dl_vlan=200`;
  return {
    title: 'the classification flow of vm1-net3 is deleted while repair is off',
    break: () => withFlows(ovs, () => ovs.ofctl(['--strict', 'del-flows', 'br-int', flow])),
    red: ['talk:vm1-net3:p3', 'talk:vm1-net3:vm2-net3', 'vni:vm1-net3:p3', 'flows:sabotage:c1'],
  };
}

function vidChanged(site: Site): Sabotage {
  return {
    title: 'vm2 sends the frames of vm2-net3 with VLAN 88 in place of 8',
    break: async () => {
      await site.trunk('vm2').retagLeg('vm2-net3', 88);
      return () => site.trunk('vm2').retagLeg('vm2-net3', 8);
    },
    red: ['talk:vm1-net3:vm2-net3'],
  };
}

function deviceStopped(site: Site): Sabotage {
  return {
    title: 'the cable of the remote device is pulled',
    break: async () => {
      await ip('db', 'link set phy0 down');
      return async () => {
        await ip('db', 'link set phy0 up');
        await site.warmTunnels();
      };
    },
    red: ['talk:vm1-net2:db', 'talk:p2:db', 'broadcast:vm1-net2', 'broadcast:vm2-twin', 'broadcast:db'],
  };
}

/** The flood group on this switch that has a bucket for a port's key, and the same with that bucket twice. */
async function doubledBucket(ovs: Ovs, key: number): Promise<{ before: string; after: string }> {
  const load = `load:0x${key.toString(16)}->NXM_NX_REG7[]`;
  const groups = (await ovs.ofctl(['dump-groups', 'br-int'])).split('\n').map((line) => line.trim());
  for (const before of groups) {
    const found = before.split(',bucket=').find((bucket) => bucket.includes(load));
    if (found !== undefined) return { before, after: `${before},bucket=${found}` };
  }
  throw new Error(`no flood group has a bucket for key ${key}`);
}

function copyTooMany(site: Site, keyOf: (name: string) => number): Sabotage {
  const { ovs } = site.chassis.c1;
  return {
    title: 'the flood group of red/net2 on c1 has the bucket of q2 twice',
    break: async () => {
      const { before, after } = await doubledBucket(ovs, keyOf('q2'));
      await ovs.ofctl(['mod-group', 'br-int', after]);
      return async () => {
        await ovs.ofctl(['mod-group', 'br-int', before]);
      };
    },
    red: ['broadcast:vm1-net2', 'broadcast:vm2-twin', 'broadcast:db', 'flows:sabotage:c1'],
  };
}

function leakToTenant(site: Site): Sabotage {
  const { ovs } = site.chassis.c1;
  const match = `in_port=${site.ofport('vm1')},dl_dst=${member('b2').mac}`;
  return {
    title: 'a foreign flow on c1 hands what vm1 sends to blue’s b2 to blue’s b1',
    break: () =>
      withFlows(ovs, () =>
        ovs.addFlows('br-int', `table=0,priority=60000,${match},actions=output:${site.ofport('b1')}\n`),
      ),
    red: ['apart:vm1:b2', 'flows:sabotage:c1'],
  };
}

function responderDeleted(site: Site): Sabotage {
  const { ovs } = site.chassis.c1;
  return {
    title: 'the ARP responder for p2 is deleted on c1',
    break: () => withFlows(ovs, () => ovs.ofctl(['del-flows', 'br-int', `table=25,arp,arp_tpa=${member('p2').ip}`])),
    red: ['arp:vm1-net2:p2', 'flows:sabotage:c1'],
  };
}

function securityBypassed(site: Site, keyOf: (name: string) => number): Sabotage {
  const { ovs } = site.chassis.c1;
  const key = `reg6=0x${keyOf('vm1-net2').toString(16)}`;
  return {
    title: 'a foreign flow on c1 lets everything of vm1-net2 pass port security',
    break: async () => {
      const accepting = (await ovs.flows('br-int')).find(
        (line) => line.includes('table=5,') && line.includes(`${key},`),
      );
      const actions = /actions=.*/.exec(accepting ?? '')?.[0];
      if (actions === undefined) throw new Error(`no flow of table 5 accepts ${key}`);
      return withFlows(ovs, () => ovs.addFlows('br-int', `table=5,priority=60000,${key},${actions}\n`));
    },
    red: ['spoof:mac', 'spoof:ip', 'spoof:arp-mac', 'spoof:arp-ip', 'flows:sabotage:c1'],
  };
}

/** Everything that is broken, one after the other; `keyOf` gives a member's unique key. */
export function sabotages(site: Site, keyOf: (name: string) => number): readonly Sabotage[] {
  return [
    flowDeleted(site),
    vidChanged(site),
    deviceStopped(site),
    copyTooMany(site, keyOf),
    leakToTenant(site),
    responderDeleted(site),
    securityBypassed(site, keyOf),
  ];
}
