// Has the switch tell what others do to its flows, by a flow monitor: ONF's, which Open vSwitch speaks over OpenFlow 1.3 since 3.0.
import { allTables, reservedPort, type FlowUpdate } from '../ofp/index.js';
import { SwitchError } from './errors.js';
import type { Session } from './session.js';

/** A flow that was added, changed or deleted, and not by this connection. */
export type FlowChange = Extract<FlowUpdate, { readonly event: 'added' | 'deleted' | 'modified' }>;

/** What a watch tells. */
export interface FlowWatchEvents {
  readonly changed: (changes: readonly FlowChange[]) => void;
  /** Changes were not told, because we read too slowly: only a dump says what there is. */
  readonly missed: () => void;
}

/** The monitor's id, of which each connection has its own. */
const monitorId = 1;
/** ONFFMF_ADD, _DELETE, _MODIFY and _ACTIONS. Without ONFFMF_OWN our own changes come as an xid, and those of one message as one. */
const flags = 0x1e;

/** Watches until the session ends; resolves to whether the switch knows how to. Ask for a dump only after calling this, and nothing is missed. */
export async function watchFlows(session: Session, events: FlowWatchEvents): Promise<boolean> {
  let isPaused = false;
  session.onMessage((message) => {
    if (message.type === 'flow_monitor_paused') isPaused = true;
    if (message.type === 'flow_monitor_resumed') {
      isPaused = false;
      events.missed();
    }
    if (message.type !== 'multipart_reply' || message.kind !== 'flow_monitor' || isPaused) return;
    const changes = message.entries.filter(isChange);
    if (changes.length > 0) events.changed(changes);
  });
  const monitor = { monitorId, flags, outPort: reservedPort.any, table: allTables, match: {} };
  try {
    await session.multipart({ type: 'multipart_request', kind: 'flow_monitor', monitors: [monitor] }, () => undefined);
    return true;
  } catch (error) {
    if (error instanceof SwitchError) return false;
    throw error;
  }
}

const isChange = (update: FlowUpdate): update is FlowChange => update.event !== 'abbrev' && update.event !== 'unknown';
