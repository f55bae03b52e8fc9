// What happens to packets that nothing else matches, and the few flows that belong to no object. They go in first.
import { drop, type Flow, type Wanted } from '../flow/wanted.js';
import { type App, flow, namedRule } from './app.js';
import { priorities, tables } from './pipeline.js';

/** Link-local protocols between bridges (802.1Q, table 8-1): BPDUs, LLDP, pause frames. No bridge passes them on, whoever sends them. */
const betweenBridges = { value: 0x0180_c200_0000, mask: 0xffff_ffff_fff0 } as const;
/** Above whatever a port may send or get. */
const toBridges = 400;
/** Of the network itself: behind a tag that passes through there may be another network, whose addresses nobody has told us. */
const untaggedArp = { eth_type: 0x0806, vlan_vid: 0 } as const;

function always(): Wanted {
  const misses: Flow[] = Object.values(tables).map((table) =>
    flow(table, priorities.miss, {}, drop, table.miss === 'drop' ? {} : { goto: { id: table.miss } }),
  );
  return {
    flows: [
      ...misses,
      flow(tables.portSecurity, toBridges, { eth_dst: betweenBridges }, drop),
      flow(tables.tunnelDestination, toBridges, { eth_dst: betweenBridges }, drop),
      flow(tables.services, priorities.normal, untaggedArp, [], { goto: tables.arp }),
    ],
  };
}

/** Table misses and static flows. */
export const misses: App = {
  name: 'misses',
  id: 0,
  does: 'says what becomes of packets that no other flow takes',
  rules: [namedRule('pipeline', (view) => view.always, always)],
};
