// The messages that the codec is measured on: flow_mods as compile makes them, a dump of these flows and packet_ins as a
// real Open vSwitch sends them.
import { setTimeout as delay } from 'node:timers/promises';
import { headerOf } from '../src/ofp/index.js';
import { flowRequest } from '../src/switch/dump.js';
import { Ovs } from '../test/lab/ovs.js';
import { demand } from './gate.js';
import { OpenFlowConnection } from './openflow-connection.js';
import { compiled, parsed, plainObjects } from './workload.js';

/** What the codec is measured on. */
export interface CodecMessages {
  readonly flowMods: readonly Uint8Array[];
  /** OFPMP_FLOW replies that hold these flows. */
  readonly dumps: readonly Uint8Array[];
  readonly packetIns: readonly Uint8Array[];
}

const packetInType = 10;
const packetSizes = [60, 1500] as const;
const packetsPerSize = 25; // Open vSwitch holds back at most 100 packet_ins for a controller

/** Compiles a network with every kind of rule, installs it in a private switch, and records what the switch sends. */
export async function recordMessages(ports: number): Promise<CodecMessages> {
  const options = { ports, portsPerNetwork: 50 };
  const open = plainObjects({ ...options, portSecurity: false });
  const { flows, groups } = compiled(parsed(open));
  const flowMods = flows.map(({ frame }) => frame);
  const ovs = await Ovs.start({ datapath: 'dummy' });
  try {
    await ovs.addBridge('br0');
    await ovs.addPort('br0', 'p0', { type: 'dummy', ofport: 1 });
    const connection = await OpenFlowConnection.open(ovs.management('br0'));
    connection.write(Buffer.concat([...groups.map(({ frame }) => frame), ...flowMods]));
    await connection.barrier();
    demand(connection.errors.length === 0, `the switch refuses ${connection.errors.length} messages`);
    const dumps = await connection.request(flowRequest({}));
    const packetIns = await recordPacketIns(ovs, connection);
    connection.close();
    return { flowMods, dumps, packetIns };
  } finally {
    await ovs.close();
  }
}

async function recordPacketIns(ovs: Ovs, connection: OpenFlowConnection): Promise<Uint8Array[]> {
  const frames: Uint8Array[] = [];
  connection.onFrame = (frame) => {
    if (headerOf(frame).type === packetInType) frames.push(frame.slice());
  };
  connection.send({ type: 'set_config', flags: 0, missSendLen: 0xffff });
  const actions = 'load:0x168->NXM_NX_REG6[],load:0x2->OXM_OF_METADATA[],controller(max_len=65535)';
  await ovs.ofctl(['add-flow', 'br0', `priority=65535,in_port=1 actions=${actions}`]);
  const packets = packetSizes.flatMap((size) =>
    Array.from({ length: packetsPerSize }, (_, i) => udpPacket(size, i).toString('hex')),
  );
  await ovs.appctl('netdev-dummy/receive', 'p0', ...packets);
  for (let waited = 0; frames.length < packets.length && waited < 200; waited++) await delay(5);
  demand(frames.length === packets.length, `${packets.length} packets gave ${frames.length} packet_ins`);
  return frames;
}

/** An Ethernet frame of `size` bytes with a UDP packet in it, each index another sender. */
function udpPacket(size: number, index: number): Buffer {
  const packet = Buffer.alloc(size, index);
  packet.write(`ffffffffffff` + `fa163e0000${index.toString(16).padStart(2, '0')}` + '0800', 'hex');
  packet.write('450000000000000040110000' + '0a000001' + '0a000002' + '10011002' + '00000000', 14, 'hex');
  packet.writeUInt16BE(size - 14, 16);
  packet.writeUInt16BE(size - 34, 38);
  packet.writeUInt16BE(ipChecksum(packet.subarray(14, 34)), 24);
  return packet;
}

function ipChecksum(header: Buffer): number {
  let sum = 0;
  for (let at = 0; at < header.length; at += 2) sum += header.readUInt16BE(at);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}
