// What ovs-vswitchd sends in a session in which it is brought to say everything that it can say unasked, and much that it is asked.
import { decode, flowMod, flowSelection, parseFlow, parseGroup, type Message } from '../src/ofp/index.js';
import type { Ovs } from '../test/lab/ovs.js';
import { printedByOfctl } from '../test/oracles/readers.js';
import { questions, setup } from '../test/oracles/switch-replies.js';
import { SwitchOracle } from '../test/oracles/vswitchd.js';
import { bytesOf, dumps } from '../test/ofp/vectors.js';
import { packets } from './packet-texts.js';
import { SwitchRecorder, type Sendable } from './switch-recorder.js';
import { steadyHex } from './unsteady.js';

/** A session that goes on: `say` keeps frames under the name of what brought them about. */
interface Session {
  readonly ovs: Ovs;
  readonly recorder: SwitchRecorder;
  /** flow_mods, as ovs-ofctl makes them. */
  readonly flows: readonly Uint8Array[];
  readonly say: (what: string, frames: readonly Uint8Array[]) => void;
}

const everyTable = 0xff;
const anyPort = 0xffff_ffff;
const flagsAt = 44;
const commandAt = 25;
const sendFlowRemoved = 1;
const [add, modifyStrict, deleteStrict] = [0, 2, 4];
const clear = flowMod({ command: 'delete', table: everyTable, priority: 0, match: {}, instructions: [] });

function withByte(frame: Uint8Array, at: number, value: number): Uint8Array {
  const copy = Uint8Array.from(frame);
  copy[at] = value;
  return copy;
}

/** What the switch answers to questions of every kind. */
async function answers({ recorder, say }: Session): Promise<void> {
  await recorder.ask({ type: 'group_mod', command: 'delete', groupType: 'all', groupId: 0xffff_fffc, buckets: [] });
  // The features of 254 tables are a megabyte of much the same.
  for (const message of [...setup, ...questions].filter(
    (asked) => !('kind' in asked && asked.kind === 'table_features'),
  ))
    say('kind' in message ? `${message.type} ${message.kind}` : message.type, await recorder.ask(message));
  await recorder.ask({ type: 'flow_monitor_cancel', monitorId: 1 });
}

const formats = ['packet_in', 'nx_packet_in', 'nx_packet_in2'];
const sources = [
  'controller',
  'load:0x11223344->NXM_NX_REG0[],load:7->NXM_NX_REG7[],controller(max_len=20)',
  'set_field:0x1234567890->metadata,controller(max_len=64,reason=invalid_ttl)',
  'set_field:0xfedcba9876543210->xreg3,set_field:5->pkt_mark,controller(id=0)',
  'set_field:9->tun_id,set_field:10.0.0.9->tun_dst,controller(reason=action_set)',
];
const richSources = [
  'controller(userdata=01.02.03.04.05)',
  'controller(userdata=00.ff,pause),output:2',
  'load:1->NXM_NX_REG1[],push:NXM_NX_REG1[],controller(pause),pop:NXM_NX_REG2[],resubmit(,3)',
];

// Else no packet is sent up for its TTL.
const everything: Message = {
  type: 'set_async',
  masks: { packetIn: [7, 7], portStatus: [7, 7], flowRemoved: [15, 15] },
};

// A paused packet that shall go on in a bridge that is none.
function resumeElsewhere(frame: Uint8Array): Message[] {
  const { message } = decode(bytesOf(steadyHex(frame)));
  return message.type === 'nx_packet_in2' && message.continuation ? [{ ...message, type: 'nx_resume' }] : [];
}

/** Packets of many sorts, sent up in each of the three forms. */
async function packetIns({ ovs, recorder, say }: Session): Promise<void> {
  await recorder.ask(everything, { type: 'set_config', flags: 0, missSendLen: 0xffff });
  for (const [format, name] of formats.entries()) {
    await recorder.ask({ type: 'nx_set_packet_in_format', format });
    for (const actions of format === 2 ? [...sources, ...richSources] : sources) {
      await recorder.ask(
        clear,
        parseFlow('table=5,cookie=5,actions=controller'),
        parseFlow(`cookie=0x77,priority=9,actions=${actions}`),
      );
      await ovs.forgetDecisions();
      for (const [i, packet] of packets.entries()) {
        await ovs.appctl('netdev-dummy/receive', 'p1', packet);
        const sentUp = await recorder.hear(1);
        say(`${name}: packet ${i + 1} by ${actions}`, sentUp);
        for (const resume of sentUp.flatMap(resumeElsewhere)) say('nx_resume', await recorder.ask(resume));
      }
    }
  }
}

const everyFlow = { outPort: anyPort, table: everyTable, match: {} };
const [ownInShort, ownInFull] = [0x1f, 0x3f];

/** The life of flows, as a flow monitor tells it: of one's own flows in short or in full, and of others'. */
async function flowMonitors({ ovs, flows, say }: Session): Promise<void> {
  for (const flags of [ownInShort, ownInFull]) {
    const watcher = await SwitchRecorder.connect(ovs.management('br0'));
    const other = await SwitchRecorder.connect(ovs.management('br0'));
    const monitors = [{ monitorId: 1, flags, ...everyFlow }];
    await other.ask(...flows.slice(0, 5));
    // Open vSwitch speaks Nicira's over OpenFlow 1.0 only, and says so.
    for (const kind of ['nx_flow_monitor', 'flow_monitor'] as const)
      say(`${kind} ${flags}`, await watcher.ask({ type: 'multipart_request', kind, monitors }));
    for (const [i, flow] of flows.entries())
      for (const command of [add, modifyStrict, deleteStrict]) {
        const step = withByte(flow, commandAt, command);
        if (i % 4 === 0) say(`flow_monitor ${flags}: own flow`, await watcher.ask(step));
        else {
          await other.ask(step);
          say(`flow_monitor ${flags}: flow of another`, await watcher.ask());
        }
      }
    watcher.close();
    other.close();
  }
}

// What a request brings about may be told only after the barrier behind it was answered.
async function told(recorder: SwitchRecorder, request: Sendable): Promise<Uint8Array[]> {
  const heard = await recorder.ask(request);
  return heard.length > 0 ? heard : recorder.hear(1);
}

/** Flows that are deleted and say so. */
async function flowsRemoved({ recorder, flows, say }: Session): Promise<void> {
  await recorder.ask({ type: 'nx_set_packet_in_format', format: 2 });
  for (const flow of flows) {
    const watched = withByte(flow, flagsAt + 1, sendFlowRemoved);
    await recorder.ask(watched);
    say('flow_removed', await told(recorder, withByte(watched, commandAt, deleteStrict)));
  }
}

const portDown = 1;

// The MAC address of the port that a message is about.
function macIn(frame: Uint8Array | undefined): number {
  const message = frame && decode(frame).message;
  return message?.type === 'port_status' ? message.port.hwAddr : 0;
}

/** Ports that come, with which they are told twice, are put down and up, and go. */
async function portChanges({ ovs, recorder, say }: Session): Promise<void> {
  for (let portNo = 10; portNo < 25; portNo++) {
    const name = `p${portNo}`;
    await ovs.addPort('br0', name, { type: 'dummy', ofport: portNo });
    const came = await recorder.hear(2);
    say('port_status: it came', came);
    const hwAddr = macIn(came[0]);
    for (const config of [portDown, 0]) {
      const change = { type: 'port_mod', portNo, hwAddr, config, mask: portDown, advertise: 0 } as const;
      say('port_status: it changed', await told(recorder, change));
    }
    say('port_stats', await recorder.ask({ type: 'multipart_request', kind: 'port_stats', port: portNo }));
    await ovs.vsctl('del-port', 'br0', name);
    say('port_status: it went', await recorder.hear(1));
  }
}

/** Bundles that are committed, discarded and refused. */
async function bundles({ recorder, flows, say }: Session): Promise<void> {
  for (const [bundleId, flow] of flows.slice(0, 40).entries()) {
    const control = (ctrl: 'open_request' | 'close_request' | 'commit_request' | 'discard_request') =>
      ({ type: 'bundle_control', bundleId, ctrl, flags: 1 + (bundleId % 3) }) as const;
    const end = bundleId % 2 === 0 ? 'commit_request' : 'discard_request';
    const add = { type: 'bundle_add', bundleId, flags: 1 + (bundleId % 3), message: decode(flow).message } as const;
    say(
      'bundle',
      await recorder.ask(control('open_request'), add, control('close_request'), control(end), control(end)),
    );
  }
}

/** Roles, also with a generation that is over, and what is told in which role. */
async function roles({ recorder, say }: Session): Promise<void> {
  for (const role of ['nochange', 'equal', 'slave', 'master', 'equal'] as const)
    for (const generationId of [5n, 3n, 0x8000_0000_0000_0004n]) {
      say('role', await recorder.ask({ type: 'role_request', role, generationId }));
      say('async', await recorder.ask({ type: 'get_async_request' }));
    }
  for (let bit = 0; bit < 6; bit++) {
    const masks = { packetIn: [bit, 1 << bit], portStatus: [bit & 7, 7], flowRemoved: [1, bit] } as const;
    say('async', await recorder.ask({ type: 'set_async', masks }, { type: 'get_async_request' }));
  }
}

/** Groups and meters, and their statistics. */
async function groupsAndMeters({ recorder, say }: Session): Promise<void> {
  for (const { argument } of dumps('ovs-vswitchd-groups')) {
    await recorder.ask({ type: 'group_mod', command: 'delete', groupType: 'all', groupId: 0xffff_fffc, buckets: [] });
    await recorder.ask(parseGroup(argument));
    for (const kind of ['group', 'group_desc'] as const) {
      const all = kind === 'group' ? { kind, groupId: 0xffff_fffc } : { kind };
      say(kind, await recorder.ask({ type: 'multipart_request', ...all }));
    }
  }
  for (let meterId = 6; meterId < 30; meterId++) {
    const band = { type: 'drop', rate: meterId, burstSize: meterId % 3 } as const;
    await recorder.ask({ type: 'meter_mod', command: 'add', flags: 1 + (meterId % 2), meterId, bands: [band] });
    for (const kind of ['meter', 'meter_config'] as const)
      say(kind, await recorder.ask({ type: 'multipart_request', kind, meterId }));
  }
}

/** Dumps of a few flows each, and their sums. */
async function dumped({ recorder, flows, say }: Session): Promise<void> {
  for (let at = 0; at < flows.length; at += 8) {
    await recorder.ask(clear, ...flows.slice(at, at + 8));
    for (const kind of ['flow', 'aggregate'] as const)
      say(kind, await recorder.ask({ type: 'multipart_request', kind, ...flowSelection() }));
  }
  await recorder.ask(clear);
}

const steps = [answers, dumped, flowsRemoved, bundles, flowMonitors, packetIns, portChanges, roles, groupsAndMeters];
// What ovs-ofctl prints of these we print exactly so: errors about flow_mods and group_mods, bundle controls, dumps of flows and groups.
const printed = /^(0401.{20}040[ef]|0404.{12}4f4e4600000008fc|0413.{12}000[17])/;

/** One row for each frame: what brought it about, the frame, and the text of ovs-ofctl as JSON, where ours is the same. */
export async function recordSession(flows: readonly string[]): Promise<string[][]> {
  // What flows say when they go would come at any time.
  const silent = flows
    .map(bytesOf)
    .map((flow) => withByte(flow, flagsAt + 1, (flow[flagsAt + 1] ?? 0) & ~sendFlowRemoved));
  const oracle = await SwitchOracle.start({ datapathId: '00000000000000d5' });
  const { ovs } = oracle;
  const rows: [string, string][] = [];
  try {
    await ovs.vsctl('set', 'Bridge', 'br0', 'other_config:hwaddr="aa:55:aa:55:00:00"');
    const recorder = await SwitchRecorder.connect(ovs.management('br0'));
    const say = (what: string, frames: readonly Uint8Array[]) =>
      rows.push(...frames.map((frame): [string, string] => [what, steadyHex(frame)]));
    for (const step of steps) {
      await oracle.held([]); // its groups, and no flows
      await step({ ovs, recorder, flows: silent, say });
    }
    recorder.close();
  } finally {
    await oracle.close();
  }
  const texts = await printedByOfctl(rows.map(([, hex]) => bytesOf(hex)));
  return rows.map(([what, hex], i) => (printed.test(hex) ? [what, hex, JSON.stringify(texts[i])] : [what, hex]));
}
