// Table 3: what nobody named is dropped, and the switch itself learns a flow that counts it: one per sender and VNI, one per interface
// and VLAN id. No packet comes to the controller, and whoever sends much of it fills no more than a list of limited length.
import type { Action, FieldName, LearnSpec } from '../ofp/index.js';
import { cookieTag, learnedApp } from '../flow/item.js';
import type { Wanted } from '../flow/wanted.js';
import { type App, flow, namedRule } from './app.js';
import { priorities, registers, tables } from './pipeline.js';

/** The two sorts of packets that are counted. */
export type UnknownKind = 'sender' | 'vlan';

/** Flows that nobody wants for long: what a switch has learned, and what a probe has there for some seconds. */
const transient = { sender: 1n, vlan: 2n, probe: 3n } as const;

/** The cookie of such flows, which are never compared with what is wanted. */
export const transientCookie = (kind: keyof typeof transient): bigint =>
  (BigInt(cookieTag) << 48n) | (BigInt(learnedApp) << 40n) | transient[kind];

/** So many of each sort are counted one by one; what comes beyond is dropped all the same. */
const listedLimit = 256;
/** What was not seen for so long is forgotten, in seconds. */
const forgottenAfter = 3600;
/** Above the flow that learns. */
const learned = 200;

const same = (field: FieldName, start: number, bits: number): LearnSpec => {
  const subfield = { field, start, bits };
  return { kind: 'match', bits, source: { subfield }, target: subfield };
};

const counted = (kind: UnknownKind, specs: readonly LearnSpec[]): Action => ({
  type: 'learn',
  idleTimeout: forgottenAfter,
  hardTimeout: 0,
  finIdleTimeout: 0,
  finHardTimeout: 0,
  priority: learned,
  cookie: transientCookie(kind),
  flags: 0,
  table: tables.unknown.id,
  limit: listedLimit,
  specs,
});

const { field, start, bits } = registers.tunnelType;
const fromNoTunnel = { [field]: { value: 0, mask: (1 << bits) - 1 } } as const;
const sender = [
  same(field, start, bits),
  same('tun_src', 0, 32),
  same('tun_ipv6_src', 0, 128),
  same('tun_id', 0, 64),
] as const;
const vlan = [same('nxm_in_port', 0, 16), same('vlan_tci', 0, 13)] as const;

function always(): Wanted {
  return {
    flows: [
      flow(tables.unknown, priorities.normal, fromNoTunnel, [counted('vlan', vlan)]),
      flow(tables.unknown, priorities.unknownSender, {}, [counted('sender', sender)]),
    ],
  };
}

/** Unknown senders, VNIs and VLAN ids. */
export const unknown: App = {
  name: 'unknown',
  id: 10,
  does: 'counts what is dropped because nobody named its sender, its VNI or its VLAN id',
  rules: [namedRule('pipeline', (view) => view.always, always)],
};
