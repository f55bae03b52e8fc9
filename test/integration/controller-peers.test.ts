// Peers that are no bridge, or another than they say, beside a real bridge that goes on working.
import { once } from 'node:events';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import t from 'tap';
import { operator } from '../../src/model/ids.js';
import { listObjects } from '../../src/sync/objects.js';
import { freePort } from '../lab/free-ports.js';
import { Ovs } from '../lab/ovs.js';
import { until } from '../lab/process.js';
import { FakeBridge } from '../switch/fake-switch.js';
import { patienceMs, Site, wholeOptions } from './controller-lab.js';

t.setTimeout(90_000);

const hex = (text: string) => Buffer.from(text.replaceAll(' ', ''), 'hex');

/** Connects, says something, and waits until the connection is ended; `hangUp` ends our side at once. Resolves to our address. */
async function saying(at: number | string, bytes: Uint8Array, hangUp = false): Promise<string> {
  const socket = typeof at === 'number' ? connect(at, '127.0.0.1') : connect(at);
  await once(socket, 'connect');
  const name = `tcp:127.0.0.1:${socket.localPort ?? 0}`;
  const closed = once(socket.on('error', () => undefined).resume(), 'close');
  if (hangUp) socket.end(bytes);
  else socket.write(bytes);
  await closed;
  return name;
}

void t.test('whoever talks nonsense loses that connection, and the bridge goes on', wholeOptions, async (t) => {
  const site = await Site.start(t);
  const port = await freePort();
  const path = join(site.dir, 'of.sock');
  await site.put('lswitch', 'red/net', {});
  await site.put('lport', 'red/a', { lswitch: 'net', macs: ['fa:16:3e:00:00:01'], ips: ['10.0.0.1'] });
  await site.plugged('br1', 'red/a', 'a');
  await site.ovs.vsctl('set-controller', 'br1', `tcp:127.0.0.1:${port}`);
  const controller = site.run([...site.arguments, '--listen', `tcp:127.0.0.1:${port},unix:${path}`]);
  await site.active('lport', 'red/a');

  const oversized = Buffer.concat([hex('0400 ffff 00000001'), Buffer.alloc(0xffff - 8, 0xff)]);
  const nonsense: readonly [name: string, bytes: Uint8Array, code: string][] = [
    ['half a message', hex('0400 0010 00000001 0001'), 'closed_by_peer'],
    ['OpenFlow 1.0', hex('0100 0008 00000001'), 'version'],
    ['another protocol', Buffer.from('GET / HTTP/1.1\r\n\r\n'), 'handshake_timeout'],
    ['a message shorter than its header', hex('0400 0004 00000001'), 'framing'],
    ['64 KiB of no HELLO', oversized, 'hello_failed'],
  ];
  await Promise.all(
    nonsense.map(async ([name, bytes, code]) => {
      const peer = await saying(port, bytes, code === 'closed_by_peer');
      const line = await until(
        `${name} is refused by name\n${controller.text}`,
        () => controller.said(/^connection refused$/).find((one) => one['peer'] === peer),
        patienceMs,
      );
      t.equal(line['code'], code, name);
      t.match(line['reason'], /\w+/);
    }),
  );

  await t.test('who invents a datapath id is not served, is no chassis, and is told of once', async (t) => {
    const strangers = [0xbadn, 0xbaen, 0xbafn].map((datapathId) => new FakeBridge(datapathId));
    const connections = await Promise.all(
      strangers.map(async (stranger) => (await stranger.connect({ kind: 'tcp', host: '127.0.0.1', port })).hello()),
    );
    const complaint = await controller.says(/^not served: no bridge of the database .*--ovsdb none/);
    t.match(complaint, { datapath: /^0000000000000ba[def]$/, peer: /^tcp:127\.0\.0\.1:\d+$/ });
    await delay(1000); // the others have waited for a row as long by now
    for (const connection of connections) {
      connection.sendBytes(hex('0400 0003 00000001'));
      await connection.closed;
      t.notOk(connection.received.some(({ message }) => /^(flow|group|bundle)/.test(message.type)));
    }
    t.match(await controller.says(/^switch disconnected/), {
      datapath: '0000000000000bad',
      reason: /message boundaries lost/,
    });
    t.equal(controller.said(/^not served/).length, 1);
    t.equal(controller.said(/^switch disconnected/).length, 1);
    const chassis = await listObjects(site.store, operator);
    t.strictSame(
      chassis.map(({ key }) => key),
      ['_operator.chassis.c1'],
    );
  });

  const revision = await site.put('lport', 'red/a', { lswitch: 'net', macs: ['fa:16:3e:00:00:02'], ips: ['10.0.0.2'] });
  await site.active('lport', 'red/a', 'c1', revision);
  const ofBridge = controller.log.filter((one) => one['chassis'] === 'c1' && /^switch (dis)?connected/.test(one.msg));
  t.equal(ofBridge.length, 1, 'the bridge is connected as it was');

  await t.test('and who comes again and again is told of once', async (t) => {
    const before = controller.said(/^connection refused$/).length;
    for (let i = 0; i < 20; i += 1) await saying(port, hex('0100 0008 00000001'));
    for (let i = 0; i < 20; i += 1) await saying(path, hex('0100 0008 00000001'));
    await delay(300); // its log is written by now
    const since = controller.said(/^connection refused$/).slice(before);
    t.strictSame(
      since.map(({ code, peer }) => [code, peer]),
      [['version', `unix:${path}#1`]],
      'the first one on the other socket only',
    );
  });
});

void t.test('two bridges with one datapath id', wholeOptions, async (t) => {
  const site = await Site.start(t, {});
  const other = await Ovs.start({ datapath: 'dummy' });
  t.teardown(() => other.close());
  const port = await freePort();
  const remote = `tcp:127.0.0.1:${port}`;
  await site.ovs.addBridge('br1', { datapathId: '00000000000000aa', controllers: [remote] });
  await other.addBridge('br2', { datapathId: '00000000000000aa' });
  const ofOther = async () => (await other.flows('br2')).filter((line) => line.includes('0xd5f1'));
  const controller = site.run([...site.arguments, '--ovsdb', 'none', '--listen', remote]);
  const first = await controller.says(/^switch connected$/);
  await until('it has its flows', async () => (await site.ours('br1')).length > 0, patienceMs);

  await t.test('the second is refused while the first answers, and both are named', async (t) => {
    await other.vsctl('set-controller', 'br2', remote);
    const refused = await controller.says(/^connection refused$/);
    t.equal(refused['code'], 'duplicate');
    t.match(refused['reason'], String(first['peer']));
    t.match(refused['reason'], String(refused['peer']));
    t.not(refused['peer'], first['peer']);
    t.strictSame(await ofOther(), []);
    await other.vsctl('del-controller', 'br2');
  });
  await t.test('when the first does not answer within a second the other takes over, and both are named', async (t) => {
    site.ovs.freezeSwitch();
    await other.vsctl('set-controller', 'br2', remote);
    const gone = await controller.says(/^switch disconnected/);
    const [, second] = await until('it is served', () => {
      const all = controller.said(/^switch connected$/);
      return all.length > 1 && all;
    });
    t.match(gone['reason'], `on ${String(first['peer'])} and is now served on ${String(second?.['peer'])}`);
    await until('the other has the flows', async () => (await ofOther()).length > 0, patienceMs);
  });
  await t.test('and who was away is the second now', async (t) => {
    site.ovs.thawSwitch();
    await delay(3000); // it dials again after a second
    t.equal(controller.said(/^switch connected$/).length, 2);
    t.equal(controller.said(/^switch disconnected/).length, 1);
  });
});
