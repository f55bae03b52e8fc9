// Breaking one thing at a time, to see that exactly the lines that speak of it turn red: a check that cannot fail is none.
import type { Ovs } from '../test/lab/ovs.js';
import { ip } from '../test/lab/netns.js';
import { controllerKilled, type Hands, type Step } from './changes.js';
import { member, type ChassisName } from './plan.js';
import type { Site } from './site.js';

/** Something broken on purpose: `break` resolves to what mends it again; `red` are the ids of lines that must fail. */
export interface Sabotage {
  readonly title: string;
  readonly break: () => Promise<() => Promise<void>>;
  readonly red: readonly string[];
}

/** A member's unique key, as flows have it. */
type KeyOf = (name: string) => string;

/** Changes flows, and puts all of them back as they were. */
async function withFlows(ovs: Ovs, change: () => Promise<unknown>): Promise<() => Promise<void>> {
  const before = await ovs.ofctl(['--no-stats', 'dump-flows', 'br-int']);
  await change();
  return async () => {
    await ovs.ofctl(['replace-flows', 'br-int', '-'], before);
  };
}

/** One flow deleted, by its match in full. */
function flowDeleted(site: Site, name: ChassisName, title: string, flow: string, red: readonly string[]): Sabotage {
  const { ovs } = site.chassis[name];
  return {
    title,
    break: () => withFlows(ovs, () => ovs.ofctl(['--strict', 'del-flows', 'br-int', flow])),
    red: [...red, `flows:sabotage:${name}`],
  };
}

function flowsDeleted(site: Site, keyOf: KeyOf): Sabotage[] {
  const [vm1, vm2] = [site.ofport('vm1'), site.ofport('vm2')];
  return [
    flowDeleted(
      site,
      'c1',
      'the classification flow of vm1-net3 is deleted while repair is off',
      `table=0,priority=150,in_port=${vm1},dl_vlan=200`,
      ['talk:vm1-net3:p3', 'talk:vm1-net3:vm2-net3', 'vni:vm1-net3:p3'],
    ),
    flowDeleted(
      site,
      'c1',
      'the flow that takes off a priority tag of vm1 is deleted',
      `table=0,priority=150,in_port=${vm1},dl_vlan=0`,
      ['tag:priority'],
    ),
    flowDeleted(
      site,
      'c2',
      'the flow that drops unknown tags of vm2 is deleted',
      `table=0,priority=120,in_port=${vm2},vlan_tci=0x1000/0x1000`,
      ['tag:drop'],
    ),
    flowDeleted(
      site,
      'c2',
      'the flow that keeps VLAN 7 of others from vm2 is deleted',
      `table=115,priority=110,reg7=${keyOf('vm2')},dl_vlan=7`,
      ['tag:inject'],
    ),
  ];
}

function unknownTagDropped(site: Site): Sabotage {
  const { ovs } = site.chassis.c1;
  const flow = `table=0,priority=60000,in_port=${site.ofport('vm1')},dl_vlan=55,actions=drop\n`;
  return {
    title: 'a foreign flow on c1 drops VLAN 55 of vm1, which is passthrough',
    break: () => withFlows(ovs, () => ovs.addFlows('br-int', flow)),
    red: ['tag:passthrough', 'flows:sabotage:c1'],
  };
}

/** The flow of c1 that sends to p3 through the tunnel, with other actions. */
function tunnelledOtherwise(site: Site, keyOf: KeyOf, title: string, change: (actions: string) => string): Sabotage {
  const { ovs } = site.chassis.c1;
  const match = `table=75,priority=100,reg7=${keyOf('p3')}`;
  return {
    title,
    break: async () => {
      const text = await ovs.ofctl(['--no-stats', 'dump-flows', 'br-int', `table=75,reg7=${keyOf('p3')}`]);
      const actions = /actions=(.*)/.exec(text)?.[1];
      if (actions === undefined) throw new Error(`c1 has no flow ${match}`);
      return withFlows(ovs, () =>
        ovs.ofctl(['--strict', 'mod-flows', 'br-int', `${match},actions=${change(actions)}`]),
      );
    },
    red: ['talk:vm1-net3:p3', 'vni:vm1-net3:p3', 'flows:sabotage:c1'],
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
async function doubledBucket(ovs: Ovs, key: string): Promise<{ before: string; after: string }> {
  const load = `load:${key}->NXM_NX_REG7[]`;
  const groups = (await ovs.ofctl(['dump-groups', 'br-int'])).split('\n').map((line) => line.trim());
  for (const before of groups) {
    const found = before.split(',bucket=').find((bucket) => bucket.includes(load));
    if (found !== undefined) return { before, after: `${before},bucket=${found}` };
  }
  throw new Error(`no flood group has a bucket for key ${key}`);
}

function copyTooMany(site: Site, keyOf: KeyOf): Sabotage {
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

function securityBypassed(site: Site, keyOf: KeyOf): Sabotage {
  const { ovs } = site.chassis.c1;
  const key = `reg6=${keyOf('vm1-net2')}`;
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

/** The controller of c1 dies, and somebody empties the switch before it is back: what is hitless otherwise is not then. */
export function emptiedMeanwhile(site: Site, hands: Hands): { readonly step: Step; readonly red: readonly string[] } {
  const emptied = async () => {
    await site.chassis.c1.ovs.ofctl(['del-flows', 'br-int']);
  };
  return {
    step: controllerKilled(site, hands, emptied),
    red: ['killed:vm1:p1', 'killed:vm2-net2:q2', 'killed:flows'],
  };
}

/** Everything that is broken, one after the other; `keyOf` gives a member's unique key. */
export function sabotages(site: Site, keyOf: (name: string) => number): readonly Sabotage[] {
  const hexKeyOf = (name: string) => `0x${keyOf(name).toString(16)}`;
  return [
    ...flowsDeleted(site, hexKeyOf),
    unknownTagDropped(site),
    tunnelledOtherwise(site, hexKeyOf, 'c1 sends to p3 with another VNI', (actions) =>
      actions.replace(/set_field:0x[0-9a-f]+->tun_id/, 'set_field:0x63->tun_id'),
    ),
    tunnelledOtherwise(
      site,
      hexKeyOf,
      'c1 leaves VLAN 200 on what it sends to p3',
      (actions) => `push_vlan:0x8100,set_field:4296->vlan_vid,${actions}`,
    ),
    vidChanged(site),
    deviceStopped(site),
    copyTooMany(site, hexKeyOf),
    leakToTenant(site),
    responderDeleted(site),
    securityBypassed(site, hexKeyOf),
  ];
}
