// What each foreign reader does not know or does not show, and why: everything else must agree. Reviewed by hand.
import type { Message } from '../../src/ofp/index.js';
import { everyObject, isStandard } from '../ofp/random/standard.js';
import type { Leaf } from './meaning.js';

/** Why a reader is not asked about a message. */
export interface Unread {
  readonly kinds: RegExp;
  /** Only these of the kinds; all if absent. */
  readonly when?: (message: Message) => boolean;
  readonly because: string;
}

/** Members that a reader does not show as numbers. */
export interface Unshown {
  readonly members: RegExp;
  readonly kinds?: RegExp;
  readonly when?: (message: Message) => boolean;
  readonly because: string;
}

/** What is known of one reader. */
export interface Knowledge {
  readonly unread: readonly Unread[];
  readonly unshown: readonly Unshown[];
}

const hasAction = (message: Message, pattern: RegExp) =>
  !everyObject(
    message,
    (object) => !('type' in object && typeof object.type === 'string' && pattern.test(object.type)),
  );
const hasField = (message: Message, pattern: RegExp) =>
  !everyObject(
    message,
    (object) =>
      !Object.entries(object).some(
        ([key, value]) => pattern.test(key) || (key === 'field' && pattern.test(String(value))),
      ),
  );

const invented = { kinds: /(^|\s)(unknown|experimenter)$/, because: 'nobody knows what it is made of' };

/** By reader. */
export const knowledge: Readonly<Record<string, Knowledge>> = {
  'ovs-ofctl': {
    unread: [
      invented,
      { kinds: /nx_flow_monitor/, because: "Open vSwitch speaks Nicira's flow monitor over OpenFlow 1.0 only" },
      { kinds: /^multipart_reply table_features$/, because: 'it wants every property; those of ovs-vswitchd are read' },
      {
        kinds: /./,
        when: (message) => hasAction(message, /^debug_/),
        because: 'debug actions are for programs started with --enable-dummy',
      },
    ],
    unshown: [
      { members: /^(eth_type|ip_proto)$/, because: 'shown as the name of the protocol' },
      { members: /^(ct_state|tcp_flags|packet_type|packetType)$/, because: 'shown by name' },
      {
        members: /^(tun_(gbp_flags|gtpu|erspan)|ct_tp_|nsh_c|ipv6_label)/,
        because: 'shown without the mask, or only together with others',
      },
      {
        members: /^vlan_vid$/,
        when: (message) => hasField(message, /^vlan_pcp$/),
        because: 'shown in one with the PCP where it has a mask',
      },
      { members: /^(curr|advertised|supported|peer)$/, because: 'shown as the names of bits' },
      { members: /^(minRate|maxRate)$/, because: 'shown in percent' },
      { members: /^actions$/, kinds: /group_features/, because: 'shown as the names of bits' },
      { members: /^(outGroup|cookie|cookieMask)$/, kinds: /^multipart_request/, because: 'not shown' },
      { members: /^priority$/, kinds: /flow_monitor/, because: 'not shown' },
      { members: /^maxLen$/, because: 'the whole packet is not shown as a length' },
    ],
  },
  tshark: {
    unread: [
      invented,
      { kinds: /^(nx_|bundle_|flow_monitor)|flow_monitor$/, because: 'it knows no extension of OpenFlow 1.3' },
      { kinds: /./, when: (message) => !isStandard(message), because: 'it knows nothing of Nicira' },
    ],
    unshown: [{ members: /^(tcp|udp|sctp)_(src|dst)$/, because: 'it knows no masks of ports' }],
  },
  'os-ken': {
    unread: [
      invented,
      { kinds: /^(nx_|bundle_add|flow_monitor_cancel)|flow_monitor$/, because: 'it keeps these as bytes' },
      {
        kinds: /_request|^(set_|packet_out|group_mod|port_mod|table_mod|meter_mod)/,
        because: 'it reads only what a switch sends, and flow_mods',
      },
      {
        kinds: /./,
        when: (message) => hasField(message, /^(packet_type|tun_(erspan|gtpu)|ct_(nw|ipv6|tp)_)/),
        because: 'it does not know types of packets, ERSPAN, GTP-U and the original tuples of connections',
      },
      {
        kinds: /./,
        when: (message) =>
          hasAction(
            message,
            /^(check_pkt_larger|controller|sample|learn|encap|decap|multipath|bundle|conjunction|clone|dec_nsh_ttl|delete_field|set_tunnel|output_trunc|debug_\w+)$/,
          ),
        because: "it keeps these of Nicira's actions as bytes, or reads them wrong",
      },
      {
        kinds: /./,
        when: (message) =>
          !everyObject(message, (object) => !('type' in object && object.type === 'resubmit' && 'ct' in object)),
        because: 'it does not know resubmit(…,ct)',
      },
    ],
    unshown: [],
  },
};

// The same number as readers spell it: a VID without its present bit, DSCP as TOS, links not less one, kilobits as megabits.
const otherwise: Readonly<Record<string, (value: bigint) => bigint>> = {
  vlan_vid: (value) => value & 0xfffn,
  ip_dscp: (value) => value << 2n,
  maxLink: (value) => value + 1n,
  currSpeed: (value) => value / 1000n,
  maxSpeed: (value) => value / 1000n,
};

/** The ways in which a number may be shown. */
export const spellingsOf = ({ name, value }: Leaf): readonly bigint[] => {
  const other = otherwise[name];
  return other ? [value, other(value)] : [value];
};
