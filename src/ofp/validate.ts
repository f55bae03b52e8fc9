// The validator: what Open vSwitch would refuse in a message, found before it is sent. Decoding reads whatever nests; we send
// only what validates.
//
// It knows no state of a switch: whether a group, meter, port or tunnel option exists, only the switch can say.
import type { Message } from './messages.js';
import type { Refusal } from './refusal.js';
import { validateFlowMod } from './validate-flow.js';
import { validateGroupMod } from './validate-group.js';
import { validateMeterMod } from './validate-meter.js';
import { validatePacketOut } from './validate-packet-out.js';

/** The first thing in a message that Open vSwitch would refuse; undefined if it would take it, or if nothing is known of such messages. */
export function validate(message: Message): Refusal | undefined {
  switch (message.type) {
    case 'flow_mod':
      return validateFlowMod(message);
    case 'group_mod':
      return validateGroupMod(message);
    case 'packet_out':
      return validatePacketOut(message);
    case 'meter_mod':
      return validateMeterMod(message);
    case 'bundle_add':
      return validate(message.message);
    default:
      return undefined;
  }
}
