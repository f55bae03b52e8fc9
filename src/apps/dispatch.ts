// Table 115: out through the interface of the port that the packet is for, but never back to its sender.
import { output } from '../ofp/index.js';
import { drop, nothing, type Wanted } from '../flow/wanted.js';
import type { Ref } from '../model/ids.js';
import type { View } from '../model/view.js';
import { type App, flow, rule } from './app.js';
import { priorities, tables } from './pipeline.js';

/** Above every way out. */
const backToSender = 300;

function dispatched(view: View, ref: Ref): Wanted {
  const port = view.localPort(ref);
  if (port === undefined) return nothing;
  const wayOut = flow(tables.dispatch, priorities.normal, { reg7: port.key }, [output(port.ofport)]);
  return {
    flows: [
      ...(port.tag === undefined ? [wayOut] : []), // the way out of a child is its tag's
      flow(tables.dispatch, backToSender, { reg6: port.key, reg7: port.key }, drop),
    ],
  };
}

/** Dispatch to interfaces. */
export const dispatch: App = {
  name: 'dispatch',
  id: 2,
  does: 'sends a packet out through the interface of the port that it is for',
  rules: [rule('lport', (view) => view.localPorts, dispatched)],
};
