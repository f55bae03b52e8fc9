// Table 115: out through the interface of the port that the packet is for, but never back to its sender.
import { output } from '../ofp/index.js';
import { drop, nothing, type Wanted } from '../flow/wanted.js';
import type { Ref } from '../model/ids.js';
import type { View } from '../model/view.js';
import { type App, bits, flow, rule, shape } from './app.js';
import { priorities, tables } from './pipeline.js';

/** Above every way out. */
const backToSender = 300;

const wayOut = shape([bits.key, bits.ofport], (key, ofport) =>
  flow(tables.dispatch, priorities.normal, { reg7: key }, [output(ofport)]),
);

const notBack = shape([bits.key], (key) => flow(tables.dispatch, backToSender, { reg6: key, reg7: key }, drop));

function dispatched(view: View, ref: Ref): Wanted {
  const port = view.localPort(ref);
  if (port === undefined) return nothing;
  const ownWay = port.tag === undefined ? [wayOut(port.key, port.ofport)] : []; // the way out of a child is its tag's
  return {
    flows: [
      ...ownWay,
      // From itself it gets nothing, whichever way led here.
      notBack(port.key),
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
