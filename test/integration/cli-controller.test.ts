// The whole of it: `damselfly controller` on a private Open vSwitch with a nats-server of its own, and the commands beside it.
import t from 'tap';
import { bindStore } from '../../src/sync/buckets.js';
import { connectNats } from '../../src/sync/connect.js';
import { readUrlFile } from '../../src/sync/data-dir.js';
import { heartbeatKey } from '../../src/sync/heartbeat.js';
import { trunk } from '../cli/given.js';
import { Ovs } from '../lab/ovs.js';
import { until } from '../lab/process.js';
import { needing, ovsPrograms } from '../lab/requirements.js';
import { Shell } from './cli-lab.js';

t.setTimeout(120_000);
const needs = needing('nats-server', 'flock', ...ovsPrograms);

void t.test(
  'apply answers for real switches: flows, time, ACTIVE; and for ports that are plugged later',
  needs,
  async (t) => {
    const ovs = await Ovs.start({ datapath: 'dummy', systemId: 'c1' });
    t.teardown(() => ovs.close());
    await ovs.addBridge('br-int');
    const shell = new Shell(t, { OVS_RUNDIR: ovs.dir, DAMSELFLY_OVSDB: ovs.database });
    const arguments_ = ['--bridges', 'br-int', '--encap-ip', '192.0.2.1', '--listen', `unix:${shell.dir}/of.sock`];
    const controller = shell.start('controller', ...arguments_);
    t.teardown(async () => {
      controller.child.kill('SIGTERM');
      await controller.ended;
    });
    const chassis = () => shell.run('get', 'chassis');
    await until('the chassis has registered', async () => (await chassis()).out.includes('c1'), 30_000);
    const file = shell.file('trunk.yaml', trunk);

    const alone = await shell.run('apply', '-f', file);
    t.match(alone, { status: 0, out: /written; no chassis has a port of red yet$/m });
    await ovs.addPort('br-int', 'tap0', { ifaceId: 'vm1' });
    await until(
      'vm1 is ACTIVE',
      async () => (await shell.run('get', 'lport', 'red/vm1')).out.includes('c1: ACTIVE'),
      20_000,
    );

    shell.file('trunk.yaml', trunk.replace('10.1.0.5', '10.1.0.6'));
    const changed = await shell.run('apply', '-f', file);
    t.match(
      changed,
      { status: 0, out: /^c1 {2}\+[1-9]\d* −[1-9]\d* flows, [\d.]+ ms, ACTIVE$/m },
      changed.out + changed.err,
    );
    const gone = await shell.run('delete', 'cps', '88a39107-5b0c-5449-9a16-8b492443bd46', '-t', 'red');
    t.match(gone, { status: 0, out: /^c1 {2}\+\d+ −[1-9]\d* flows, [\d.]+ ms, ACTIVE$/m }, gone.out + gone.err);
    const back = await shell.run('apply', '-f', file);
    t.match(back, { status: 0, out: /^c1 {2}\+[1-9]\d* −\d+ flows, [\d.]+ ms, ACTIVE$/m }, back.out + back.err);

    const own = '{kind: lport, id: own, lswitch: net2, binding: {type: vtep, vtep_address: 192.0.2.1}}';
    const bad = await shell.pipe(own, 'apply', '-f', '-', '-t', 'red');
    t.match(bad, { status: 1, out: /^ {2}lport red\/own: ERROR: .*is a tunnel address of this chassis itself$/m });
    t.equal((await shell.run('delete', 'lport', 'red/own')).status, 0);
    // The operator's own tenant: every chassis watches it, and its word on it shares a key with its heartbeat.
    const device =
      '{kind: lport, tenant: _operator, id: far, lswitch: red/net2, macs: ["fa:16:3e:00:00:0f"], ips: [10.2.0.77], binding: {type: vtep, vtep_address: 203.0.113.7}}';
    const far = await shell.pipe(device, 'apply', '-f', '-');
    t.match(far, { status: 0, out: /^c1 {2}\+\d+ −\d+ flows.*, ACTIVE$/m }, far.out + far.err);
    const nats = await connectNats({ servers: readUrlFile(shell.dir) ?? '' }, { name: 'test', once: true });
    const beat = await bindStore(nats).status.read(heartbeatKey('c1'));
    t.match(JSON.parse(beat?.text ?? ''), { leaseMs: Number, revision: Number, recent: Array }, 'one value says both');
    await nats.close();
    t.match(await shell.run('delete', '-f', file), { status: 0 });

    controller.child.kill('SIGTERM');
    t.equal((await controller.ended).status, 0);
    t.match(await shell.run('get', '-t', 'red'), { status: 1, err: /no NATS at/ }, 'its nats-server ended with it');
  },
);
