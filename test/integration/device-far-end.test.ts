// What `damselfly remote-device config` prints, fed to machines that nobody manages: with it they reach a VM and are reached.
import t from 'tap';
import { Chassis } from '../lab/chassis.js';
import { addNetns, enterLab, joinSegment, removeNetns } from '../lab/netns.js';
import { ping } from '../lab/ping.js';
import { CommandError, run } from '../lab/process.js';
import { farEndOptions, startFarEndSite } from './far-end-lab.js';

await enterLab(import.meta.url);

void t.test('the printed configuration of the far end works there', farEndOptions, async (t) => {
  const { c1, vm, vmG, remoteDevice } = await startFarEndSite(t);
  /** What a command says, without its name, where it fails as it should. */
  const failureOf = (...words: readonly string[]): Promise<string> =>
    remoteDevice(...words).then(
      (text) => `it did not fail: ${text}`,
      (error: unknown) =>
        error instanceof CommandError ? error.output.trimEnd().replace(/^damselfly: /, '') : String(error),
    );

  await t.test('on Linux, for its own VXLAN', async (t) => {
    await addNetns('far');
    t.teardown(() => removeNetns('far'));
    await joinSegment('underlay', 'far', 'phy0', '172.31.0.9/24');
    const text = await remoteDevice('config', 'red/kernel');
    t.match(text, /^ip addr replace 10\.0\.7\.11\/16 dev vx1$/m);
    for (const time of ['first', 'second'])
      t.equal(await run('sh', ['-e'], { netns: 'far', input: text }), '', `it passes a ${time} time`);
    await c1.meet('172.31.0.9');
    t.same(await ping(vm, '10.0.7.11'), { sent: 3, answered: 3 }, 'to the device');
    t.same(await ping({ netns: 'far' }, '10.0.0.1'), { sent: 3, answered: 3 }, 'from the device');
    t.match(await run('ip', ['link', 'show', 'vx1'], { netns: 'far' }), /mtu 1450 /);
  });

  await t.test('on Linux, for its own VXLAN over IPv6', async (t) => {
    await addNetns('far6', { ipv6: true });
    t.teardown(() => removeNetns('far6'));
    await joinSegment('underlay', 'far6', 'phy0', 'fd00:31::9/64');
    await run('sh', ['-e'], { netns: 'far6', input: await remoteDevice('config', 'red/kernel6') });
    await c1.meet('fd00:31::9');
    t.same(await ping(vm, '10.0.7.16'), { sent: 3, answered: 3 }, 'to the device');
    t.same(await ping({ netns: 'far6' }, '10.0.0.1'), { sent: 3, answered: 3 }, 'from the device');
    t.match(await run('ip', ['link', 'show', 'vx1'], { netns: 'far6' }), /mtu 1430 /);
  });

  await t.test(
    'on Linux, for its Geneve and GRE: commands that it takes, as far as its kernel has the devices',
    async (t) => {
      await addNetns('far7', { ipv6: true });
      t.teardown(() => removeNetns('far7'));
      for (const [device, kind] of [
        ['foreign', /type geneve id 2 remote 172\.31\.0\.1 dstport 6081$/],
        ['foreign6', /type geneve id 2 remote fd00:31::1 dstport 6081$/],
        ['gre', /type gretap key 2 local 172\.31\.0\.10 remote 172\.31\.0\.1$/],
        ['gre6', /type ip6gretap key 2 local fd00:31::10 remote fd00:31::1 encaplimit none$/],
      ] as const) {
        const lines = (await remoteDevice('config', `red/${device}`)).split('\n');
        const [link = ''] = lines.filter((line) => line.includes('ip link add t'));
        t.match(link, kind);
        const said = await run('sh', ['-ec', link], { netns: 'far7' }).catch((error: unknown) =>
          error instanceof CommandError ? error.output.trim() : String(error),
        );
        t.match(said, /^(Error: Unknown device type\.)?$/, 'the words are right');
      }
    },
  );

  await t.test('for Open vSwitch, over Geneve and GRE, by IPv4 and IPv6', async (t) => {
    const far = await Chassis.start({
      name: 'far2',
      underlay: 'underlay',
      tunnelAddress: '172.31.0.10/24',
      tunnelAddress6: 'fd00:31::10/64',
    });
    t.teardown(() => far.close());
    for (const [device, address, [ours, theirs], mtu] of [
      ['foreign', '10.1.0.12', ['172.31.0.1', '172.31.0.10'], 1450],
      ['foreign6', '10.1.0.17', ['fd00:31::1', 'fd00:31::10'], 1430],
      ['gre', '10.1.0.18', ['172.31.0.1', '172.31.0.10'], 1458],
      ['gre6', '10.1.0.19', ['fd00:31::1', 'fd00:31::10'], 1438],
    ] as const) {
      const text = await remoteDevice('config', `red/${device}`, '--for', 'ovs');
      await far.ovs.addBridge('br2', { failMode: 'standalone' }); // its datapath is of another type than usual
      await run('sh', ['-e'], { netns: 'far2', input: text, env: { OVS_RUNDIR: far.ovs.dir } });
      await Promise.all([c1.meet(theirs), far.meet(ours)]);
      t.same(await ping(vmG, address), { sent: 3, answered: 3 }, `to ${device}`);
      t.same(await ping({ netns: 'far2' }, '10.1.0.2'), { sent: 3, answered: 3 }, `from ${device}`);
      t.match(await run('ip', ['link', 'show', 'br2'], { netns: 'far2' }), new RegExp(`mtu ${mtu} `));
      await far.ovs.vsctl('del-br', 'br2');
    }
  });

  await t.test('what is no device, or is not known here, is told in one line', async (t) => {
    for (const command of ['config', 'probe']) {
      t.match(
        await failureOf(command, 'red/vm'),
        /^lport red\/vm is no remote device: it has no binding of type vtep$/,
      );
      t.match(await failureOf(command, 'red/nobody'), /^lport red\/nobody is not known here: there is none, or .+$/);
      t.match(
        await failureOf(command, 'red/lonely'),
        /^no port of the network of lport red\/lonely is on this machine/,
      );
    }
  });
});
