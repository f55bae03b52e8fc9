// VLAN-aware ports on a live switch: children that come, change and go, before and after their parent; and a VM that moves.
import t from 'tap';
import { until } from '../lab/process.js';
import { keyOf, patienceMs, Site, wholeOptions } from './controller-lab.js';
import { member, sent } from './trunk-lab.js';

t.setTimeout(200_000);

void t.test('a child port', wholeOptions, async (t) => {
  const site = await Site.start(t);
  for (const id of ['net', 'inner', 'outer']) await site.put('lswitch', `red/${id}`, {});
  await site.put('lport', 'red/vm', member(1));
  await site.put('lport', 'red/peer', member(2, 'inner'));
  await site.put('lport', 'red/far', member(2, 'outer'));
  await site.put('lport', 'red/child', member(3, 'inner'));
  await site.put('lport', 'red/vm2', member(4));
  const segment = { parent: 'vm', port: 'child', segmentation_id: 100 };
  const peer = await site.plugged('br1', 'red/peer', 'peer');
  const far = await site.plugged('br1', 'red/far', 'far');
  const controller = site.controller();
  await site.active('lport', 'red/peer');
  const { command } = await controller.says(/looks at one VLAN tag/);
  t.equal(command, 'ovs-vsctl set Open_vSwitch . other_config:vlan-limit=2');
  t.equal((await site.ovs.vsctl('get', 'Open_vSwitch', '.', 'other_config')).trim(), '{}', 'it is not ours to set');

  await t.test('T36 waits for its parent, by name, and works once that is plugged', async (t) => {
    await site.put('child_port_segmentation', 'red/s', segment);
    await site.acknowledged('red', await site.put('child_port_segmentation', 'red/s', segment));
    t.equal(await site.standing('lport', 'red/child'), '', 'it is nobody’s business yet');
    await site.plugged('br1', 'red/vm', 'vm');
    await site.active('child_port_segmentation', 'red/s');
    await site.active('lport', 'red/child');
    const vm = await site.ovs.ofport('vm');
    t.equal(await sent(site, vm, 3, 2, 100), String(peer), 'untagged to the plain port');
    t.equal(await sent(site, peer, 2, 3), `${vm} vlan 100`, 'tagged to the trunk');
  });
  const vm = await site.ovs.ofport('vm');
  await t.test('T48 is removed, and its tag with it; created under a plugged parent it works at once', async (t) => {
    await site.acknowledged('red', await site.remove('child_port_segmentation', 'red/s'));
    t.notMatch((await site.ours()).join('\n'), /dl_vlan=100\b/);
    t.equal(await sent(site, peer, 2, 3), 'drop');
    await site.stands('lport', 'red/child', /^$/);
    await site.put('child_port_segmentation', 'red/s', segment);
    await site.active('child_port_segmentation', 'red/s');
    t.equal(await sent(site, vm, 3, 2, 100), String(peer));
  });
  await t.test('T26 follows its VLAN id', async (t) => {
    const revision = await site.put('child_port_segmentation', 'red/s', { ...segment, segmentation_id: 200 });
    await site.active('child_port_segmentation', 'red/s', 'c1', revision);
    t.equal(await sent(site, vm, 3, 2, 200), String(peer));
    t.equal(
      await sent(site, vm, 3, 2, 100),
      'drop',
      'the old tag is the parent’s again, whose addresses these are not',
    );
    t.equal(await sent(site, peer, 2, 3), `${vm} vlan 200`);
  });
  await t.test('follows its network', async (t) => {
    const revision = await site.put('lport', 'red/child', member(3, 'outer'));
    await site.active('lport', 'red/child', 'c1', revision);
    t.equal(await sent(site, vm, 3, 2, 200), String(far));
    t.equal(await sent(site, peer, 2, 3), 'drop');
    await site.active('lport', 'red/child', 'c1', await site.put('lport', 'red/child', member(3, 'inner')));
  });
  await t.test('is disabled and enabled, in both directions', async (t) => {
    const off = await site.put('child_port_segmentation', 'red/s', {
      ...segment,
      segmentation_id: 200,
      enabled: false,
    });
    await site.stands('child_port_segmentation', 'red/s', /^DOWN: .*disabled/, 'c1', off);
    await site.acknowledged('red', off);
    t.equal(await sent(site, vm, 3, 2, 200), 'drop');
    t.equal(await sent(site, peer, 2, 3), 'drop');
    const on = await site.put('child_port_segmentation', 'red/s', { ...segment, segmentation_id: 200 });
    await site.active('child_port_segmentation', 'red/s', 'c1', on);
    t.equal(await sent(site, peer, 2, 3), `${vm} vlan 200`);
  });
  await t.test('T26 follows its parent: to one that is not plugged yet, then to one that is', async (t) => {
    const revision = await site.put('child_port_segmentation', 'red/s', { ...segment, parent: 'vm2' });
    await site.acknowledged('red', revision);
    t.notMatch((await site.ours()).join('\n'), /dl_vlan=(100|200)\b/);
    const vm2 = await site.plugged('br1', 'red/vm2', 'vm2');
    await site.active('lport', 'red/child');
    t.equal(await sent(site, vm2, 3, 2, 100), String(peer));
    t.equal(await sent(site, peer, 2, 3), `${vm2} vlan 100`);
  });
  await t.test('and a VM moves to another network while it is plugged', async (t) => {
    const before = await keyOf(site, 'lport', 'red/far');
    const revision = await site.put('lport', 'red/far', member(2, 'inner'));
    await site.put('lport', 'red/peer', member(5, 'inner'));
    await site.active('lport', 'red/far', 'c1', revision);
    const vm2 = await site.ovs.ofport('vm2');
    await until(
      'it is reached in its new network',
      async () => (await sent(site, vm2, 3, 2, 100)) === String(far),
      patienceMs,
    );
    t.equal(await keyOf(site, 'lport', 'red/far'), before, 'it is the same port');
    t.notMatch((await site.ours()).join('\n'), new RegExp(`metadata=${await keyOf(site, 'lswitch', 'red/outer')}\\b`));
  });
});

void t.test('T26 a child moves to another chassis with its parent', wholeOptions, async (t) => {
  const site = await Site.start(t, { br1: 'c1', br2: 'c2' });
  for (const id of ['net', 'inner']) await site.put('lswitch', `red/${id}`, {});
  for (const [number, id] of ['vm', 'child', 'here', 'there'].entries())
    await site.put('lport', `red/${id}`, member(number + 1, id === 'vm' ? 'net' : 'inner'));
  await site.put('child_port_segmentation', 'red/s', { parent: 'vm', port: 'child', segmentation_id: 100 });
  const here = await site.plugged('br1', 'red/here', 'here');
  const there = await site.plugged('br2', 'red/there', 'there');
  const before = await site.plugged('br1', 'red/vm', 'vm');
  site.controller(['br1', 'br2']);
  await site.active('lport', 'red/child', 'c1');
  await site.active('lport', 'red/there', 'c2');
  t.equal(await sent(site, before, 2, 3, 100), String(here));
  await site.ovs.vsctl('del-port', 'br1', 'vm');
  const after = await site.plugged('br2', 'red/vm', 'vm-there');
  await site.active('lport', 'red/child', 'c2');
  t.equal(await sent(site, after, 2, 4, 100, 'br2'), String(there));
  t.equal(await sent(site, there, 4, 2, undefined, 'br2'), `${after} vlan 100`);
  const left = async () => (await site.ours('br1')).filter((line) => /dl_vlan=100\b/.test(line));
  await until('nothing of it is left where it was', async () => (await left()).length === 0, patienceMs);
});

void t.test('T46 five hundred children of one parent', wholeOptions, async (t) => {
  const site = await Site.start(t);
  await site.listen();
  await site.put('lswitch', 'red/net', {});
  await site.put('lswitch', 'red/inner', {});
  await site.put('lport', 'red/vm', member(1));
  const vm = await site.plugged('br1', 'red/vm', 'vm');
  site.controller();
  const add = async (index: number): Promise<number> => {
    await site.put('lport', `red/c${index}`, member(index + 10, 'inner'));
    const segment = { parent: 'vm', port: `c${index}`, segmentation_id: index + 1 };
    return site.put('child_port_segmentation', `red/s${index}`, segment);
  };
  /** One more child, and the flows and groups that this changes. Its tag's flow may be sent twice: dropping, until the child has its number. */
  const oneMore = async (index: number): Promise<number> => {
    await site.converged();
    const mark = site.mark();
    const revision = await add(index);
    await site.active('child_port_segmentation', `red/s${index}`, 'c1', revision);
    await site.active('lport', `red/c${index}`);
    await site.converged();
    const placeOf = (line: string): string =>
      line.replace(/^.*OFPT_/, '').replace(/\(xid=0x[0-9a-f]+\)| cookie:.*$/g, '');
    return new Set((await site.modsSince(mark)).map(placeOf)).size;
  };
  await site.active('lport', 'red/vm');
  await add(0);
  await site.active('lport', 'red/c0');
  const second = await oneMore(1);
  for (let index = 2; index < 500; index++) await add(index);
  await site.active('lport', 'red/c499');
  t.equal(await oneMore(500), second, 'one more changes as much among 500 as among one');
  const flows = (await site.ours()).join('\n');
  t.equal([...flows.matchAll(new RegExp(`^priority=150,in_port=${vm},dl_vlan=[1-9]`, 'gm'))].length, 501);
  const [group = ''] = (await site.groups()).filter((text) => text.split('bucket=').length > 500);
  t.equal(group.split('bucket=').length - 1, 501, 'every child is in the flood group');
});
