// What is printed for the far end of a device, of each type of tunnel. That it works there: test/integration/device-far-end.test.ts.
import t from 'tap';
import { farEndText } from '../../src/cli/far-end-text.js';
import type { FarEnd } from '../../src/controller/far-end.js';

const chassis = (number: number) => ({ chassis: `c${number}`, address: `192.0.2.${number}`, macs: [] });
const end: FarEnd = {
  device: 'red/db' as FarEnd['device'],
  network: 'red/net' as FarEnd['network'],
  type: 'geneve',
  address: '203.0.113.9',
  vni: 0xffffff,
  dstPort: 6081,
  csum: false,
  mtu: 1450,
  macs: ['fa:16:3e:00:00:09'],
  ips: ['10.0.0.9/24'],
  peers: [chassis(1), chassis(3)],
};
const links = (text: string): string[] => text.match(/\bt\w+-\w+(?= type| --)/g) ?? [];

void t.test('the interface of a peer has one name, whoever else is there, of at most 15 bytes', (t) => {
  for (const system of ['linux', 'ovs'] as const) {
    const [first = '', third = '', ...more] = [...new Set(links(farEndText(end, system)))];
    t.same(more, []);
    t.ok(first.length <= 15 && third.length <= 15 && first !== third);
    const joined = [...new Set(links(farEndText({ ...end, peers: [chassis(1), chassis(2), chassis(3)] }, system)))];
    t.same([joined[0], joined[2]], [first, third]);
    const gre = farEndText({ ...end, type: 'gre' }, system);
    t.notOk(links(gre).includes(first), 'another type is another interface');
  }
  t.end();
});

void t.test('GRE has the checksum that the device was given, and no option in front of it by IPv6', (t) => {
  const gre = { ...end, type: 'gre', dstPort: undefined } as const;
  t.match(farEndText(gre, 'linux'), / type gretap key 16777215 local 203\.0\.113\.9 remote 192\.0\.2\.1$/m);
  t.match(farEndText({ ...gre, csum: true }, 'linux'), / type gretap key .* csum$/m);
  const six = { ...gre, address: '2001:db8::9', peers: [{ ...chassis(1), address: '2001:db8::1' }] };
  t.match(farEndText(six, 'linux'), / type ip6gretap key .* remote 2001:db8::1 encaplimit none$/m);
  t.end();
});
