// Bytes as the test lab writes them from RFC 4861, which is not this code.
import t from 'tap';
import { neighborAdvertisement, neighborSolicitation } from '../../src/packet/nd.js';
import { neighborAdvertisement as advertisement, neighborSolicitation as solicitation } from '../lab/packets.js';

const asker = { mac: 0x02d5f1000001, ip: (0xfe80n << 112n) | 0xd5f1fffe000001n };
const target = (0x2001_0db8n << 96n) | 0xab_cdefn;
const flow = { src: '02:d5:f1:00:00:01', from: 'fe80::d5:f1ff:fe00:1' };

void t.test('a solicitation asks all whose address ends alike, and may be padded', (t) => {
  const bytes = solicitation({ ...flow, dst: '33:33:ff:ab:cd:ef', to: 'ff02::1:ffab:cdef' }, '2001:db8::ab:cdef');
  t.same(neighborSolicitation(asker, target), bytes);
  t.same(neighborSolicitation(asker, target, 1464), Buffer.concat([bytes, Buffer.alloc(1464 - bytes.length)]));
  t.end();
});

void t.test('an advertisement says who has the address; anything else says nothing', (t) => {
  const back = { src: 'fa:16:3e:00:00:09', dst: flow.src, from: '2001:db8::ab:cdef', to: flow.from };
  const answer = advertisement(back, '2001:db8::ab:cdef', 'fa:16:3e:00:00:99');
  t.same(neighborAdvertisement(answer), { mac: 0xfa163e000099, ip: target });
  t.equal(neighborAdvertisement(solicitation(back, '2001:db8::ab:cdef')), undefined);
  for (let size = 0; size < answer.length; size++) t.equal(neighborAdvertisement(answer.subarray(0, size)), undefined);
  t.end();
});
