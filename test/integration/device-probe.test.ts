// `damselfly remote-device probe` against a machine that nobody manages, broken in one way after another.
import t from 'tap';
import { addNetns, enterLab, ip, joinSegment, removeNetns } from '../lab/netns.js';
import { ping } from '../lab/ping.js';
import { run, until } from '../lab/process.js';
import { startVtep } from '../lab/vtep.js';
import { farEndOptions, startFarEndSite } from './far-end-lab.js';

await enterLab(import.meta.url);

void t.test('a probe says what is wrong', farEndOptions, async (t) => {
  const { c1, apply, remoteDevice } = await startFarEndSite(t);
  const probed = (ref: string) => remoteDevice('probe', ref).catch(String);

  await t.test('with a Linux machine and its own VXLAN', async (t) => {
    await addNetns('far');
    t.teardown(() => removeNetns('far'));
    await joinSegment('underlay', 'far', 'phy0', '172.31.0.9/24');
    await run('sh', ['-e'], { netns: 'far', input: await remoteDevice('config', 'red/kernel') });
    await c1.meet('172.31.0.9');
    const far = (...lines: readonly string[]) => ip('far', ...lines);
    t.match(
      await probed('red/kernel'),
      /^lport red\/kernel from c1: well: it answers, and packets of 1450 bytes get there$/m,
    );
    await ip(undefined, 'link set far-underlay mtu 1400');
    t.match(await probed('red/kernel'), /wrong: MTU: a packet of 1450 bytes does not get there/);
    await ip(undefined, 'link set far-underlay mtu 9000');
    await far('addr del 10.0.7.11/16 dev vx1', 'addr add 10.0.7.99/16 dev vx1');
    t.match(
      await probed('red/kernel'),
      /wrong: ARP: the VTEP has sent with the right VNI, but nobody behind it answers/,
    );
    await far('addr add 10.0.7.11/16 dev vx1', 'link set vx1 address fa:16:3e:00:00:99');
    t.match(
      await probed('red/kernel'),
      /wrong: ARP: another MAC address than fa:16:3e:00:00:11 answers: fa:16:3e:00:00:99/,
    );
    await far('link del vx1');
    t.match(
      await probed('red/kernel'),
      /wrong: VTEP: 172\.31\.0\.9 is there, but nothing listens on its UDP port 4789/,
    );
    await far('addr del 172.31.0.9/24 dev phy0');
    await c1.run('ip', ['neigh', 'flush', 'dev', 'br-phy']);
    t.match(await probed('red/kernel'), /wrong: underlay: there is no way to 172\.31\.0\.9/);
  });

  await t.test('a device that has IPv6 addresses only is asked by neighbour discovery', async (t) => {
    await addNetns('far6', { ipv6: true });
    t.teardown(() => removeNetns('far6'));
    await joinSegment('underlay', 'far6', 'phy0', '172.31.0.12/24');
    await run('sh', ['-e'], { netns: 'far6', input: await remoteDevice('config', 'red/six') });
    await c1.meet('172.31.0.12');
    await until(
      'the device has looked for others with its address',
      async () =>
        !(await run('ip', ['addr', 'show', 'dev', 'vx1', 'tentative'], { netns: 'far6' })).includes('2001:db8::14'),
    );
    t.match(
      await probed('red/six'),
      /^lport red\/six from c1: well: it answers, and packets of 1450 bytes get there$/m,
    );
    await ip('far6', 'addr del 2001:db8::14/64 dev vx1');
    t.match(await probed('red/six'), /wrong: ND: the VTEP has sent with the right VNI, but nobody/);
  });

  await t.test('a VTEP that has another VNI is told by what it sends', async (t) => {
    const other = { macs: ['fa:16:3e:00:00:13'], ips: ['10.0.7.13'], lswitch: 'net' };
    const binding = { type: 'vtep', vtep_address: '172.31.0.11' };
    const object = JSON.stringify({ tenant: 'red', objects: [{ kind: 'lport', id: 'other', ...other, binding }] });
    await apply(object);
    const vtep = await startVtep({
      name: 'far3',
      underlay: 'underlay',
      tunnelAddress: '172.31.0.11/24',
      vni: 99,
      mac: 'fa:16:3e:00:00:13',
      address: '10.0.7.13/16',
      peers: ['172.31.0.1'],
    });
    t.teardown(() => vtep.close());
    await c1.meet('172.31.0.11');
    t.match(await probed('red/other'), /wrong: underlay, VNI or ARP: nothing has ever come from 172\.31\.0\.11/);
    t.same(await ping(vtep, '10.0.0.1', 1), { sent: 1, answered: 0 });
    t.match(await probed('red/other'), /wrong: VNI: the VTEP sends with VNI 99; its network’s is \d+$/m);
  });
});
