// The gate before every figure that a switch takes part in: what it holds is what compile says, byte for byte.
import type { Compiled } from '../src/cli/compiled.js';
import { decode, type FlowMod, rawFlowStats } from '../src/ofp/index.js';
import { flowRequest, rawGroups } from '../src/switch/dump.js';
import { demand, requireSame } from './gate.js';
import type { OpenFlowConnection } from './openflow-connection.js';

const hexText = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
/** Bytes of a FLOW_MOD before its match (OpenFlow 1.3.5, 7.3.4.1). */
const flowModHeadSize = 48;

/** The flow_mods as values; refuses frames that are none. */
export function flowModValues(frames: readonly Uint8Array[]): FlowMod[] {
  return frames.map((frame) => {
    const { message } = decode(frame);
    demand(message.type === 'flow_mod', `a ${message.type} among the flow_mods`);
    return message as FlowMod; // just demanded
  });
}

/** Refuses a dump that does not hold exactly these flows, byte for byte. */
export function requireDump(dumps: readonly Uint8Array[], flowMods: readonly Uint8Array[]): void {
  const key = (table: number, priority: number, cookie: bigint, rest: string) =>
    `${table} ${priority} ${cookie.toString(16)} ${rest}`;
  const found = dumps.flatMap((frame) =>
    [...rawFlowStats(frame)].map((flow) =>
      key(flow.table, flow.priority, flow.cookie, hexText(flow.match) + hexText(flow.instructions)),
    ),
  );
  const expected = flowModValues(flowMods).map((message, i) =>
    key(message.table, message.priority, message.cookie, hexText(flowMods[i]!.subarray(flowModHeadSize))),
  );
  requireSame('the dump against the flow_mods', found, expected);
}

/** Bytes of a GROUP_MOD before its buckets, and where its group id is (OpenFlow 1.3.5, 7.3.4.2). */
const groupModHeadSize = 16;
const groupIdOffset = 12;

/** Refuses a switch that does not hold exactly the flows and groups of a compilation. */
export async function requireInstalled(connection: OpenFlowConnection, { flows, groups }: Compiled): Promise<void> {
  const dumps = await connection.request(flowRequest({}));
  requireDump(
    dumps,
    flows.map(({ frame }) => frame),
  );
  const described = await connection.request({ type: 'multipart_request', kind: 'group_desc' });
  requireSame(
    'the groups of the switch against the group_mods',
    described.flatMap(rawGroups).map(({ groupId, buckets }) => `${groupId} ${hexText(buckets)}`),
    groups.map(({ frame }) => {
      const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
      return `${view.getUint32(groupIdOffset)} ${hexText(frame.subarray(groupModHeadSize))}`;
    }),
  );
}
