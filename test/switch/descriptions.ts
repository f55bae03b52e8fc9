// What a switch says of itself, for tests.
import type { FeaturesReply, Message, PortDesc } from '../../src/ofp/index.js';

/** A FEATURES_REPLY as Open vSwitch gives it. */
export function featuresReply(datapathId: bigint): FeaturesReply {
  return { type: 'features_reply', datapathId, nBuffers: 0, nTables: 254, auxiliaryId: 0, capabilities: 0x4f };
}

/** A description of a bridge of Open vSwitch. */
export const descReply: Message = {
  type: 'multipart_reply',
  kind: 'desc',
  more: false,
  manufacturer: 'Nicira, Inc.',
  hardware: 'Open vSwitch',
  software: '3.1.0',
  serial: 'None',
  datapath: 'None',
};

/** A port named after its number; 0xfffffffe is the bridge's own. */
export function datapathPort(portNo: number, name = portNo === 0xffff_fffe ? 'br0' : `p${portNo}`): PortDesc {
  return {
    portNo,
    hwAddr: 0x02_00_00_00_00_00 + (portNo & 0xffff),
    name,
    config: 0,
    state: 4,
    curr: 0,
    advertised: 0,
    supported: 0,
    peer: 0,
    currSpeed: 0,
    maxSpeed: 0,
  };
}
