// Encoded flow_mods, told apart by their cookies.
import { encode, noBuffer, reservedGroup, reservedPort, type Action, type FlowMod } from '../../src/ofp/index.js';

/** A flow_mod for table 0 that adds a flow with this priority. */
export function flowMod(
  cookie: bigint,
  priority: number,
  actions: readonly Action[],
  over: Partial<FlowMod> = {},
): FlowMod {
  return {
    type: 'flow_mod',
    command: 'add',
    cookie,
    cookieMask: 0n,
    table: 0,
    priority,
    idleTimeout: 0,
    hardTimeout: 0,
    flags: 0,
    outPort: reservedPort.any,
    outGroup: reservedGroup.any,
    bufferId: noBuffer,
    match: {},
    instructions: [{ type: 'apply_actions', actions }],
    ...over,
  };
}

/** `length` flows that output to port 1, with cookies from 1 on. */
export function flowFrames(length: number): Uint8Array[] {
  return Array.from({ length }, (_, i) => {
    const flow = flowMod(BigInt(i + 1), 1 + (i % 0xfff0), [{ type: 'output', port: 1 }], {
      table: Math.floor(i / 0xfff0),
    });
    return encode(flow, 0);
  });
}
