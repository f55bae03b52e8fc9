import t from 'tap';
import fc from 'fast-check';
import { outagePauseMs, reconnectPauseMs, splitServers } from '../../src/sync/connect.js';

void t.test('a server’s URL gives host and login, however much of it is written', (t) => {
  t.strictSame(splitServers('127.0.0.1:4222'), { servers: ['nats://127.0.0.1:4222'] });
  t.strictSame(splitServers('nats://red:p%40ss@host:4222'), {
    servers: ['nats://host:4222'],
    user: 'red',
    password: 'p@ss',
  });
  t.strictSame(splitServers('tls://a:1, tls://b:2'), { servers: ['tls://a:1', 'tls://b:2'] });
  t.strictSame(splitServers('nats://[::1]:4222'), { servers: ['nats://[::1]:4222'] });
  t.throws(() => splitServers(''), { code: 'NATS_UNREACHABLE' });
  t.end();
});

void t.test('pauses grow with the outage, from a tenth of a second to six', (t) => {
  fc.assert(
    fc.property(fc.nat(3_600_000), fc.double({ min: 0, max: 1, noNaN: true }), (elapsedMs, random) => {
      const pause = outagePauseMs(elapsedMs, random);
      return pause >= 75 && pause <= 6250 && outagePauseMs(elapsedMs + 1, random) >= pause;
    }),
  );
  t.equal(reconnectPauseMs(0, 0.5), 100);
  t.equal(reconnectPauseMs(3, 0.5), 800);
  t.equal(reconnectPauseMs(1000, 0.5), 5000);
  t.end();
});
