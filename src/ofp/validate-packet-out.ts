// What Open vSwitch would refuse in a packet_out. Whether its actions suit the packet, only the switch says.
import { checkOutPort } from './action-rules.js';
import type { Action } from './action-types.js';
import { reservedPort } from './constants.js';
import type { PacketOut } from './messages.js';
import { firstOf, refuse, type Refusal } from './refusal.js';
import { checkActions, checkPlaces } from './validate-actions.js';

const firstSpecialPort = 0xff00;
const firstReservedPort = 0xffff_ff00;
const inPorts: ReadonlySet<number> = new Set([reservedPort.local, reservedPort.controller, reservedPort.any]);

function checkNumber(port: number): Refusal | undefined {
  const isNumber = port < firstSpecialPort || port >= firstReservedPort;
  return isNumber ? undefined : refuse('OFPBAC_BAD_OUT_PORT', `${port} is no port`);
}

function checkInPort(port: number): Refusal | undefined {
  return port < firstSpecialPort || inPorts.has(port)
    ? undefined
    : refuse('OFPBRC_BAD_PORT', `a packet cannot come from port ${port}`);
}

// Looked at together with the packet, also within a clone.
const checkTruncated = (actions: readonly Action[]): Refusal | undefined =>
  firstOf(actions, (action) => {
    if (action.type === 'clone') return checkTruncated(action.actions);
    return action.type === 'output_trunc' ? checkOutPort(action.port) : undefined;
  });

/** The first thing in a packet_out that Open vSwitch would refuse; undefined if it would take it. */
export const validatePacketOut = ({ inPort, actions }: PacketOut): Refusal | undefined =>
  checkNumber(inPort) ??
  checkActions(actions) ??
  checkPlaces(actions, 'apply') ??
  checkInPort(inPort) ??
  checkTruncated(actions);
