// Ten thousand connections that say they are bridges and are abandoned after the handshake: nothing of them stays, and the bridge that
// is served does not notice.
import { readdirSync } from 'node:fs';
import t from 'tap';
import { Inside } from '../faults/inside.js';
import { freePort } from '../lab/free-ports.js';
import { until } from '../lab/process.js';
import { FakeBridge, type FakeConnection } from '../switch/fake-switch.js';
import { type ControllerProcess, patienceMs, Site, wholeOptions } from './controller-lab.js';

t.setTimeout(250_000);

const [waves, waveLength] = [10, 1000];
const sources = ['127.0.0.2', '127.0.0.3', '127.0.0.4', '127.0.0.5'];
/** So much may the memory in use, its files and handles differ by themselves from one moment to another. */
const [memorySlackSize, slackLength] = [4 << 20, 3];

/** A wave of strangers: each comes to the end of the handshake, and then all are gone at once. */
async function wave(number: number, port: number): Promise<void> {
  const come = async (index: number): Promise<FakeConnection> => {
    const bridge = new FakeBridge(0xbad0_0000n + BigInt(number * waveLength + index));
    const connection = await bridge.connect({ kind: 'tcp', host: '127.0.0.1', port }, sources[index % sources.length]);
    await connection.hello().receives('multipart_request', 1); // the last thing that every bridge is asked
    return connection;
  };
  const strangers = await Promise.all(Array.from({ length: waveLength }, (_, index) => come(index)));
  for (const { socket } of strangers) socket.destroy();
  await Promise.all(strangers.map(({ closed }) => closed));
}

/** What a process has: memory in use after a collection, open files, handles. */
async function holdings(inside: Inside, controller: ControllerProcess) {
  const { usedSize, handles } = await inside.ask(controller);
  return { usedSize, handles, files: readdirSync(`/proc/${controller.pid ?? 0}/fd`).length };
}

void t.test('nothing stays of ten thousand connections that were abandoned', wholeOptions, async (t) => {
  const site = await Site.start(t);
  const inside = new Inside(site.dir);
  site.runtime = inside.runtime;
  await site.put('lswitch', 'red/net');
  const port = (ip: string) => ({ lswitch: 'net', macs: ['fa:16:3e:00:00:01'], ips: [ip] });
  await site.put('lport', 'red/a', port('10.0.0.1'));
  await site.plugged('br1', 'red/a', 'a');
  const tcpPort = await freePort();
  const controller = site.run([...site.dialling(), '--listen', `tcp:127.0.0.1:${tcpPort}`]);
  await site.active('lport', 'red/a');
  const first = await holdings(inside, controller);
  await wave(0, tcpPort); // what is made once, and kept, is made now
  const isBack = async (): Promise<boolean> => {
    const { files, handles } = await holdings(inside, controller);
    return files <= first.files + slackLength && handles <= first.handles + slackLength;
  };
  await until('files and handles are back after the first wave', isBack, patienceMs);
  const before = await holdings(inside, controller);

  for (let number = 1; number <= waves; number++) {
    await wave(number, tcpPort);
    const revision = await site.put('lport', 'red/a', port(`10.0.0.${number + 1}`));
    await site.active('lport', 'red/a', 'c1', revision);
  }
  await until('files and handles are back', isBack, patienceMs);
  const isForgotten = async (): Promise<boolean> =>
    (await holdings(inside, controller)).usedSize <= before.usedSize + memorySlackSize;
  await until('the memory is back', isForgotten, patienceMs);
  const after = await holdings(inside, controller);
  t.comment(`before any, after ${waveLength}, and after ${waves * waveLength} more:`);
  for (const { usedSize, files, handles } of [first, before, after])
    t.comment(`${(usedSize / (1 << 20)).toFixed(1)} MB in use, ${files} files, ${handles} handles`);
  t.equal(controller.said(/switch connected/).length, 1, 'none of them was served');
  t.equal(controller.said(/switch disconnected/).filter(({ ['chassis']: chassis }) => chassis === 'c1').length, 0);
  t.ok(controller.said(/not served: no bridge/).length <= 4 * sources.length, 'the log stays short');
});
