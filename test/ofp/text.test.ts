// Bytes of ovs-vswitchd become the text that ovs-ofctl prints for them.
import t from 'tap';
import {
  type Action,
  apply,
  decode,
  encode,
  formatFlow,
  formatGroup,
  formatIpv6,
  formatMatch,
  formatMac,
  hexOf,
} from '../../src/ofp/index.js';
import { bytesOf, dumps } from './vectors.js';

void t.test('every flow that ovs-vswitchd dumps is printed as ovs-ofctl prints it', (t) => {
  for (const { argument, text, frame } of dumps('ovs-vswitchd-flows')) {
    const { message } = decode(bytesOf(frame));
    if (message.type !== 'multipart_reply' || message.kind !== 'flow') throw new Error(argument);
    t.same(message.entries.map(formatFlow), [text], argument);
  }
  t.end();
});

void t.test('every group that ovs-vswitchd dumps is printed as ovs-ofctl prints it', (t) => {
  for (const { argument, text, frame } of dumps('ovs-vswitchd-groups')) {
    const { message } = decode(bytesOf(frame));
    if (message.type !== 'multipart_reply' || message.kind !== 'group_desc') throw new Error(argument);
    t.same(message.entries.map(formatGroup), [text], argument);
  }
  t.end();
});

void t.test('every dump of ovs-vswitchd is encoded again to the same bytes', (t) => {
  for (const { argument, frame } of [...dumps('ovs-vswitchd-flows'), ...dumps('ovs-vswitchd-groups')]) {
    const { xid, message } = decode(bytesOf(frame));
    t.equal(hexOf(encode(message, xid)), frame, argument);
  }
  t.end();
});

void t.test('what ovs-ofctl leaves out of a match is left out', (t) => {
  t.equal(formatMatch({ packet_type: 0, reg0: 1 }), 'reg0=0x1');
  t.equal(formatMatch({ eth_type: 0x894f, nsh_c1: 5 }), 'dl_type=0x894f');
  t.equal(formatMatch({ eth_type: 0x894f, nsh_mdtype: 1, nsh_c1: 5 }), 'dl_type=0x894f,nsh_mdtype=1,nsh_c1=0x5');
  t.equal(formatMatch({ ct_state: { value: 0x22, mask: 0x22 }, ct_tp_src: 9 }), 'ct_state=+est+trk');
  t.equal(formatMatch({ tun_gbp_flags: { value: 4, mask: 7 } }), 'tun_gbp_flags=0x4');
  t.end();
});

void t.test('ct is left out of a resubmit to a port in the same table', (t) => {
  const flow = (action: Action) => formatFlow({ table: 0, priority: 1, match: {}, instructions: [apply(action)] });
  t.match(flow({ type: 'resubmit', port: 1, table: 0xff, ct: true }), /actions=resubmit:1$/);
  t.match(flow({ type: 'resubmit', port: 1, table: 5, ct: true }), /actions=resubmit\(1,5,ct\)$/);
  t.end();
});

void t.test('addresses are spelled as inet_ntop spells them', (t) => {
  t.equal(formatIpv6(0n), '::');
  t.equal(formatIpv6(1n), '::1');
  t.equal(formatIpv6(0x2001_0db8_0000_0000_0001_0000_0000_0001n), '2001:db8::1:0:0:1');
  t.equal(formatIpv6(0x2001_0db8_0000_0001_0001_0001_0001_0001n), '2001:db8:0:1:1:1:1:1');
  t.equal(formatIpv6(0xffff_0102_0304n), '::ffff:1.2.3.4');
  t.equal(formatIpv6(0xfe80n << 112n), 'fe80::');
  t.equal(formatMac(0xfa163e000001), 'fa:16:3e:00:00:01');
  t.end();
});
