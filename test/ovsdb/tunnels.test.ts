import fc from 'fast-check';
import t from 'tap';
import {
  diffTunnels,
  type PresentTunnel,
  tunnelPortName,
  tunnelPortSpec,
  type WantedTunnel,
} from '../../src/ovsdb/tunnels.js';

const here = { bridge: 'br-int', owner: 'host-a' };
const vtep: WantedTunnel = { type: 'vxlan', remoteIp: '192.0.2.9' };
const nothing = { create: [], update: [], remove: [], conflicts: [], failed: [] };

function present(tunnel: WantedTunnel, further: Partial<PresentTunnel> = {}): PresentTunnel {
  const { name, type, owner, options } = tunnelPortSpec(tunnel, here.owner);
  return { bridge: here.bridge, name, type, owner, options: new Map(Object.entries(options)), ...further };
}

const foreign = (options: Record<string, string>, type = 'vxlan'): PresentTunnel => ({
  bridge: 'br-ex',
  name: 'vx0',
  type,
  options: new Map(Object.entries(options)),
});

void t.test('a tunnel that is wanted and not there is created, one that is there and not wanted is removed', (t) => {
  const create = diffTunnels([vtep], [], here).create;
  t.same(create, [
    {
      name: tunnelPortName(vtep),
      type: 'vxlan',
      owner: 'host-a',
      options: { remote_ip: '192.0.2.9', key: 'flow' },
    },
  ]);
  t.same(diffTunnels([], [present(vtep)], here), { ...nothing, remove: [tunnelPortName(vtep)] });
  t.same(diffTunnels([vtep], [present(vtep)], here), nothing);
  t.end();
});

void t.test('a tunnel that many want is one', (t) => {
  t.equal(diffTunnels([vtep, { ...vtep }, vtep], [], here).create.length, 1);
  t.end();
});

void t.test('other options are set in place', (t) => {
  const wanted = { ...vtep, localIp: '192.0.2.1', options: { dst_port: '8472', csum: 'true' } };
  const held = present(wanted, { options: new Map([['remote_ip', '192.0.2.9']]) });
  const { update, ...rest } = diffTunnels([wanted], [held], here);
  t.match(update, [
    {
      name: held.name,
      options: { remote_ip: '192.0.2.9', local_ip: '192.0.2.1', key: 'flow', dst_port: '8472', csum: 'true' },
    },
  ]);
  t.same(rest, { create: [], remove: [], conflicts: [], failed: [] });
  t.end();
});

void t.test('ports without our tag, of another owner or another bridge are never removed or changed', (t) => {
  const others = [
    foreign({ remote_ip: '198.51.100.1' }),
    present(vtep, { owner: 'host-b', name: 'theirs' }),
    present(vtep, { bridge: 'br-other', name: 'elsewhere' }),
  ];
  t.same(diffTunnels([], others, here), nothing);
  t.end();
});

void t.test('another’s port of the same identity is a conflict by name; of another identity it is none', (t) => {
  const v6: WantedTunnel = { type: 'vxlan', remoteIp: '2001:db8::1' };
  const inTheWay: [WantedTunnel, PresentTunnel][] = [
    [vtep, foreign({ remote_ip: '192.0.2.9', key: 'flow' })],
    [vtep, foreign({ remote_ip: '192.0.2.9', in_key: 'flow', out_key: '7', dst_port: '4789' })],
    [v6, foreign({ remote_ip: '2001:0DB8:0::0001', key: 'flow' })],
    [vtep, { ...foreign({ remote_ip: '198.51.100.7', key: 'flow' }), name: tunnelPortName(vtep) }],
  ];
  for (const [wanted, held] of inTheWay) {
    const spec = tunnelPortSpec(wanted, here.owner);
    t.same(diffTunnels([wanted], [held], here), { ...nothing, conflicts: [{ wanted: spec, foreign: held }] });
  }
  const apart = [
    foreign({ remote_ip: '192.0.2.9' }),
    foreign({ remote_ip: '192.0.2.9', key: '5' }),
    foreign({ remote_ip: '192.0.2.9', key: 'flow', dst_port: '8472' }),
    foreign({ remote_ip: '192.0.2.9', key: 'flow', local_ip: '192.0.2.1' }),
    foreign({ remote_ip: '192.0.2.9', key: 'flow' }, 'geneve'),
    foreign({ remote_ip: 'flow', key: 'flow' }),
  ];
  for (const held of apart) t.equal(diffTunnels([vtep], [held], here).create.length, 1, [...held.options].join(' '));
  t.end();
});

void t.test('a tunnel of ours that the switch could not make is named with its words', (t) => {
  const held = present(vtep, { error: 'bad remote_ip' });
  t.same(diffTunnels([vtep], [held], here), { ...nothing, failed: [{ name: held.name, error: 'bad remote_ip' }] });
  const blocker = foreign({ remote_ip: '192.0.2.9', key: 'flow' });
  t.match(diffTunnels([vtep], [held, blocker], here), { conflicts: [{ foreign: { name: 'vx0' } }], failed: [] });
  t.end();
});

void t.test('any wanted over any present: after the steps there is nothing left to do', (t) => {
  const tunnel = fc.record({
    type: fc.constantFrom('vxlan' as const, 'geneve' as const, 'gre' as const),
    remoteIp: fc.constantFrom('192.0.2.1', '192.0.2.2', '2001:db8::1', 'flow'),
    options: fc.constantFrom({}, { csum: 'true' }),
  });
  fc.assert(
    fc.property(fc.array(tunnel), fc.array(tunnel), (wanted, before) => {
      const held = new Map(before.map((one) => [present(one).name, present(one)]));
      const diff = diffTunnels(wanted, [...held.values()], here);
      for (const name of diff.remove) held.delete(name);
      for (const spec of [...diff.create, ...diff.update])
        held.set(spec.name, { bridge: here.bridge, ...spec, options: new Map(Object.entries(spec.options)) });
      // Of two that are the same but for their options, the last is what is wanted, both times.
      t.strictSame(diffTunnels(wanted, [...held.values()], here), nothing);
    }),
  );
  t.end();
});

void t.test('names fit an interface', (t) => {
  fc.assert(
    fc.property(fc.constantFrom('vxlan' as const, 'geneve' as const, 'gre' as const), fc.ipV6(), (type, ip) => {
      const name = tunnelPortName({ type, remoteIp: ip });
      return /^df(vx|gn|gr)-[0-9a-f]{10}$/.test(name) && name.length === 15;
    }),
  );
  const different: WantedTunnel[] = [
    vtep,
    { ...vtep, type: 'geneve' },
    { ...vtep, remoteIp: '192.0.2.10' },
    { ...vtep, localIp: '192.0.2.1' },
    { ...vtep, options: { dst_port: '8472' } },
  ];
  t.equal(new Set(different.map(tunnelPortName)).size, 5, 'type, both addresses and the destination port count');
  t.equal(tunnelPortName({ ...vtep, options: { ttl: '9' } }), tunnelPortName(vtep), 'other options do not');
  t.equal(tunnelPortName(vtep), 'dfvx-1cba820c8f', 'the same for ever, or restarts would rename ports');
  t.end();
});
