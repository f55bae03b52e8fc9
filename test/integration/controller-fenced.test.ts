// Everybody with a NATS account of its own, made by `nb accounts`: a controller that may do no more than its account says
// programs the bridge for a tenant that may do no more than its own.
import t from 'tap';
import { parties, Shell } from './cli-lab.js';
import { Site, wholeOptions } from './controller-lab.js';

t.setTimeout(120_000);

const objects = `
tenant: red
objects:
  - {kind: lswitch, id: net}
  - {kind: subnet, id: sub, lswitch: net, cidr: 10.0.0.0/24}
  - {kind: lport, id: a, lswitch: net}
  - {kind: lport, id: b, lswitch: net, macs: ['fa:16:3e:00:00:02'], ips: [10.0.0.2]}
  - {kind: lport, id: db, lswitch: net, macs: ['fa:16:3e:00:00:09'], ips: [10.0.0.9], binding_profile: {port_key: remote_port, host_ip: 203.0.113.9}}
`;

void t.test('a fenced controller serves a fenced tenant', wholeOptions, async (t) => {
  const printed = await new Shell(t, {}).pipe(parties, 'nb', 'accounts', '-');
  const accounts = JSON.parse(printed.out.replace(/^accounts: /, '')) as unknown;
  const site = await Site.start(t, { br1: 'c1' }, {}, { settings: { accounts } }, { user: 'op', password: 'o' });
  const url = (user: string, password: string) => site.nats.url().replace('//', `//${user}:${password}@`);
  const shell = (user: string, password: string) => new Shell(t, { NATS_URL: url(user, password), NATS_PARTY: user });
  const [red, blue] = [shell('red', 'r'), shell('blue', 'b')];

  for (const id of ['a', 'b']) await site.plugged('br1', `red/${id}`, id);
  const controller = site.controller(['br1'], '--nats', url('host1', 'h'), '--nats-party', 'host1');
  await controller.says(/switch connected/);
  const applied = await red.run('apply', '-f', red.file('red.yaml', objects), '--timeout', '30');
  t.match(applied, { status: 0, err: '', out: /^c1 +\+\d+ −0 flows, .*ACTIVE$/m });
  for (const id of ['a', 'b', 'db']) await site.active('lport', `red/${id}`);
  await site.converged();
  const flows = (await site.ours()).join('\n');
  for (const id of ['a', 'b'])
    t.match(flows, new RegExp(`table=115, priority=100,reg7=0x\\w+ actions=output:${await site.ovs.ofport(id)}\\b`));
  t.match(flows, /arp_tpa=10\.0\.0\.9/, 'ARP for the device is answered');
  t.equal(controller.said(/NATS refused something|cannot be written|cannot be registered/).length, 0, controller.text);

  t.match(await red.run('delete', 'lport', 'red/b'), { status: 0 });
  await site.converged();
  t.notMatch((await site.ours()).join('\n'), 'fa:16:3e:00:00:02');
  t.match(await blue.run('delete', 'lport', 'red/a'), { status: 1 }, 'and nobody else’s');
  await site.active('lport', 'red/a');
});
