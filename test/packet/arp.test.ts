// Bytes as the test lab writes them from RFC 826, which is not this code.
import t from 'tap';
import { arpProbe, arpReply } from '../../src/packet/arp.js';
import { arp, icmp } from '../lab/packets.js';

const [mac, other] = ['02:d5:f1:00:00:01', 'fa:16:3e:00:00:09'];

void t.test('a probe asks for an address and tells none, and may be padded', (t) => {
  const bytes = arp({ op: 1, sha: mac, spa: '0.0.0.0', tpa: '10.0.0.9' });
  t.same(arpProbe(0x02d5f1000001, 0x0a000009), bytes);
  t.same(arpProbe(0x02d5f1000001, 0x0a000009, 1464), Buffer.concat([bytes, Buffer.alloc(1464 - bytes.length)]));
  t.end();
});

void t.test('a reply says who has the address; anything else is none', (t) => {
  const reply = arp({ op: 2, sha: other, spa: '10.0.0.9', tha: mac, tpa: '0.0.0.0' });
  t.same(arpReply(reply), { mac: 0xfa163e000009, ip: 0x0a000009 });
  t.equal(arpReply(arp({ op: 1, sha: other, spa: '10.0.0.9', tpa: '10.0.0.1' })), undefined);
  t.equal(arpReply(icmp({ src: other, dst: mac, from: '10.0.0.9', to: '10.0.0.1' })), undefined);
  for (let size = 0; size < reply.length; size++) t.equal(arpReply(reply.subarray(0, size)), undefined);
  t.end();
});
