import t from 'tap';
import { parseRemote, remoteText } from '../../src/ovsdb/remote.js';

void t.test('addresses are read as Open vSwitch’s tools write them', (t) => {
  const cases = [
    ['unix:/run/openvswitch/db.sock', { type: 'unix', path: '/run/openvswitch/db.sock' }],
    ['tcp:127.0.0.1:6640', { type: 'tcp', host: '127.0.0.1', port: 6640 }],
    ['tcp:db.example:16640', { type: 'tcp', host: 'db.example', port: 16640 }],
    ['tcp:[2001:db8::1]:6641', { type: 'tcp', host: '2001:db8::1', port: 6641 }],
  ] as const;
  for (const [text, remote] of cases) {
    t.same(parseRemote(text), remote);
    t.equal(remoteText(parseRemote(text)), text);
  }
  t.same(parseRemote('tcp:[::1]'), { type: 'tcp', host: '::1', port: 6640 });
  t.end();
});

void t.test('anything else is refused with what is right', (t) => {
  for (const text of [
    '',
    'unix:',
    'tcp:',
    'tcp:::1:6640',
    'tcp:host:0',
    'tcp:host:65536',
    'tcp:host:x',
    '/run/db.sock',
  ])
    t.throws(() => parseRemote(text), { code: 'OVSDB_ADDRESS', message: /use (unix:|tcp:)/ }, text);
  t.throws(() => parseRemote('ssl:127.0.0.1:6640'), { message: /ssl is not supported yet/ });
  t.end();
});
