// TCP segments in whatever carries them.
import t from 'tap';
import { tcpSegment } from '../../src/packet/tcp-segment.js';
import { ethernetFrame, ipv4Packet, ipv6Packet, tcp, tcpSegmentBytes, words } from './captures.js';

const payload = Buffer.from('hello');
const packet = ipv4Packet({ from: ['10.0.0.1', 40000], to: ['10.0.0.2', 6653], seq: 0xffff_fffe, payload });
const expected = { from: '10.0.0.1:40000', to: '10.0.0.2:6653', seq: 0xffff_fffe, size: 5, syn: false };

const ipv6 = (next: number, extension: Uint8Array) =>
  ipv6Packet(next, Buffer.concat([extension, tcpSegmentBytes(6653, 40000, 7, tcp.syn | tcp.fin, payload)]));

void t.test('IPv4 over Ethernet, with VLAN tags and padding, Linux cooked and bare', (t) => {
  const carriers: [number, Buffer][] = [
    [1, ethernetFrame(packet)],
    [1, ethernetFrame(Buffer.concat([packet, Buffer.alloc(9)]))],
    [1, ethernetFrame(Buffer.concat([words(false, [5, 2], [0x0800, 2]), packet]), '8100')],
    [1, ethernetFrame(Buffer.concat([words(false, [5, 2], [0x8100, 2], [6, 2], [0x0800, 2]), packet]), '88a8')],
    [113, Buffer.concat([Buffer.alloc(14), words(false, [0x0800, 2]), packet])],
    [276, Buffer.concat([words(false, [0x0800, 2]), Buffer.alloc(18), packet])],
    [0, Buffer.concat([words(true, [2, 4]), packet])],
    [101, packet],
  ];
  for (const [linkType, bytes] of carriers) {
    const segment = tcpSegment(linkType, bytes);
    t.match(segment, expected, `link type ${linkType}`);
    t.equal(Buffer.from(segment?.payload ?? []).toString(), 'hello');
  }
  t.end();
});

void t.test('IPv6, with headers before TCP', (t) => {
  const hopByHop = words(false, [60, 1], [0, 1], [0, 4], [0, 2]);
  const options = words(false, [6, 1], [1, 1], [0, 6], [0, 6], [0, 2]);
  for (const bytes of [ipv6(6, new Uint8Array()), ipv6(0, Buffer.concat([hopByHop, options]))])
    t.match(tcpSegment(101, bytes), {
      from: '[2001:db8::1:0:0:1]:6653',
      to: '[fe80::1]:40000',
      seq: 7,
      syn: true,
      fin: true,
      size: 5,
    });
  t.end();
});

void t.test('a packet of which the capture kept a part says how large it was', (t) => {
  const segment = tcpSegment(101, packet.subarray(0, packet.length - 3));
  t.equal(segment?.size, 5);
  t.equal(Buffer.from(segment?.payload ?? []).toString(), 'he');
  t.end();
});

void t.test('what is no TCP, a fragment or too short is nothing', (t) => {
  const changed = (at: number, value: number) => {
    const copy = Buffer.from(packet);
    copy[at] = value;
    return copy;
  };
  for (const bytes of [changed(9, 17), changed(6, 0x20), changed(7, 1), changed(0, 0x55), changed(32, 0xf0)])
    t.equal(tcpSegment(101, bytes), undefined);
  for (let size = 0; size < 40; size++) t.equal(tcpSegment(101, packet.subarray(0, size)), undefined);
  t.equal(tcpSegment(1, ethernetFrame(packet, '0806')), undefined);
  t.equal(tcpSegment(147, packet), undefined);
  t.end();
});
