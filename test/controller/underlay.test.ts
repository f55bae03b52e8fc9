// A machine on loopback with and without a VTEP; one that cannot be reached is in test/integration/device-probe.test.ts.
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import t from 'tap';
import { underlayWord } from '../../src/controller/underlay.js';

void t.test('a port on which something listens is silent, one on which nothing does is refused', async (t) => {
  const listener = createSocket('udp4').bind(0, '127.0.0.1');
  await once(listener, 'listening');
  const { port } = listener.address();
  t.equal(await underlayWord('127.0.0.1', port), 'silent');
  listener.close();
  await once(listener, 'close');
  t.equal(await underlayWord('127.0.0.1', port), 'refused');
});

void t.test('where there is no port to ask for, being there is all that can be heard', async (t) => {
  t.equal(await underlayWord('127.0.0.1', undefined), 'silent');
});
