// What a switch does to a packet: actions, instructions and group buckets, as plain data.
import type { FieldName, FieldValue, WritableField } from './fields.js';

/** Bits `start` to `start + bits - 1` of a field. */
export interface Subfield<F extends FieldName = FieldName> {
  readonly field: F;
  readonly start: number;
  readonly bits: number;
  /** Bytes of a tun_metadata field where the switch's TLV table gives it a size. */
  readonly size?: number;
}

/** A set_field whose value has the type that its field has. */
export type SetField = {
  readonly [F in WritableField]: {
    readonly type: 'set_field';
    readonly field: F;
    readonly value: FieldValue<F>;
    readonly mask?: FieldValue<F>;
  };
}[WritableField];

/** Address and port ranges of a nat; without `src` or `dst` an existing binding is applied. */
export interface Nat {
  readonly type: 'nat';
  readonly direction?: 'src' | 'dst';
  readonly persistent?: boolean;
  readonly algorithm?: 'hash' | 'random';
  /** IPv4 addresses as numbers, IPv6 addresses as bigints. */
  readonly address?: { readonly min: number | bigint; readonly max?: number | bigint };
  readonly port?: { readonly min: number; readonly max?: number };
}

/** Connection tracking. */
export interface Ct {
  readonly type: 'ct';
  readonly commit?: boolean;
  readonly force?: boolean;
  /** A zone number, or the 16 bits that hold one. */
  readonly zone?: number | Subfield;
  /** Where the packet goes on, tracked; absent: nowhere. */
  readonly table?: number;
  /** The application level gateway's port: 21 is ftp, 69 tftp. */
  readonly alg?: number;
  /** What to do to ct_mark, ct_label and addresses. */
  readonly actions?: readonly Action[];
}

/** Send the packet to the controller, with Open vSwitch's options. */
export interface Controller {
  readonly type: 'controller';
  readonly maxLen?: number;
  readonly controllerId?: number;
  readonly reason?: number;
  readonly userdata?: Uint8Array;
  readonly pause?: boolean;
  readonly meterId?: number;
}

/** One line of what a learned flow matches or does. */
export type LearnSpec =
  | { readonly kind: 'match'; readonly bits: number; readonly source: LearnSource; readonly target: Subfield }
  | { readonly kind: 'load'; readonly bits: number; readonly source: LearnSource; readonly target: Subfield }
  | { readonly kind: 'output'; readonly bits: number; readonly source: LearnSource };

/** Where a learn takes its bits from: a field of the packet, or a constant. */
export type LearnSource = { readonly subfield: Subfield } | { readonly value: number | bigint };

/** Add a flow to another table, made from the packet. */
export interface Learn {
  readonly type: 'learn';
  readonly idleTimeout: number;
  readonly hardTimeout: number;
  readonly priority: number;
  readonly cookie: bigint;
  readonly flags: number;
  readonly table: number;
  readonly finIdleTimeout: number;
  readonly finHardTimeout: number;
  /** More than this many learned flows are refused; 0 or absent: no limit. */
  readonly limit?: number;
  /** Where to say that the limit was reached. */
  readonly resultBit?: Subfield;
  readonly specs: readonly LearnSpec[];
}

/** Choose one of some ports by a hash over the packet. */
export interface BundleAction {
  readonly type: 'bundle';
  readonly algorithm: number;
  readonly fields: number;
  readonly basis: number;
  /** Where to load the port chosen; absent: output to it. */
  readonly load?: Subfield;
  readonly members: readonly number[];
}

/** Choose a number by a hash over the packet. */
export interface Multipath {
  readonly type: 'multipath';
  readonly fields: number;
  readonly basis: number;
  readonly algorithm: number;
  /** The number of links minus one. */
  readonly maxLink: number;
  readonly arg: number;
  readonly target: Subfield;
}

/** Send samples to a collector. */
export interface Sample {
  readonly type: 'sample';
  readonly probability: number;
  readonly collectorSetId: number;
  readonly obsDomainId: number;
  readonly obsPointId: number;
  readonly samplingPort?: number;
  readonly direction?: 'ingress' | 'egress';
}

/** One action. `unknown` keeps the bytes of one that this codec does not know. */
export type Action =
  | { readonly type: 'output'; readonly port: number; readonly maxLen?: number }
  | { readonly type: 'output_trunc'; readonly port: number; readonly maxLen: number }
  | { readonly type: 'output_reg'; readonly source: Subfield; readonly maxLen?: number }
  | { readonly type: 'group'; readonly groupId: number }
  | { readonly type: 'set_queue'; readonly queueId: number }
  | { readonly type: 'pop_queue' }
  | { readonly type: 'push_vlan'; readonly ethertype: number }
  | { readonly type: 'pop_vlan' }
  | { readonly type: 'push_mpls'; readonly ethertype: number }
  | { readonly type: 'pop_mpls'; readonly ethertype: number }
  | { readonly type: 'push_pbb'; readonly ethertype: number }
  | { readonly type: 'pop_pbb' }
  | { readonly type: 'set_mpls_ttl'; readonly ttl: number }
  | { readonly type: 'dec_mpls_ttl' }
  | { readonly type: 'set_nw_ttl'; readonly ttl: number }
  | { readonly type: 'dec_nw_ttl'; readonly controllerIds?: readonly number[] }
  | { readonly type: 'copy_ttl_out' }
  | { readonly type: 'copy_ttl_in' }
  | { readonly type: 'dec_nsh_ttl' }
  | SetField
  | {
      readonly type: 'reg_load';
      readonly field: WritableField;
      readonly start: number;
      readonly bits: number;
      readonly size?: number;
      readonly value: number | bigint;
    }
  | {
      readonly type: 'reg_move';
      readonly src: Subfield;
      readonly dst: Subfield<WritableField>;
      /** On the wire it is the ONF's copy_field, not Nicira's action. */
      readonly onf?: boolean;
    }
  | { readonly type: 'stack_push'; readonly source: Subfield }
  | { readonly type: 'stack_pop'; readonly target: Subfield<WritableField> }
  | { readonly type: 'set_tunnel'; readonly tunId: number | bigint; readonly wide: boolean }
  | { readonly type: 'resubmit'; readonly port?: number; readonly table?: number; readonly ct?: boolean }
  | Ct
  | Nat
  | { readonly type: 'ct_clear' }
  | { readonly type: 'clone'; readonly actions: readonly Action[] }
  | Controller
  | Learn
  | { readonly type: 'conjunction'; readonly id: number; readonly clause: number; readonly clauses: number }
  | { readonly type: 'note'; readonly bytes: Uint8Array }
  | { readonly type: 'exit' }
  | { readonly type: 'fin_timeout'; readonly idleTimeout: number; readonly hardTimeout: number }
  | { readonly type: 'check_pkt_larger'; readonly length: number; readonly target: Subfield<WritableField> }
  | {
      readonly type: 'encap';
      readonly packetType: number;
      readonly headerSize: number;
      readonly properties: Uint8Array;
    }
  | { readonly type: 'decap'; readonly packetType: number }
  | { readonly type: 'debug_recirc' }
  | { readonly type: 'debug_slow' }
  | { readonly type: 'delete_field'; readonly field: WritableField; readonly size?: number }
  | BundleAction
  | Multipath
  | Sample
  | { readonly type: 'unknown'; readonly bytes: Uint8Array };

/** One instruction. `unknown` keeps the bytes of one that this codec does not know. */
export type Instruction =
  | { readonly type: 'meter'; readonly meterId: number }
  | { readonly type: 'apply_actions'; readonly actions: readonly Action[] }
  | { readonly type: 'clear_actions' }
  | { readonly type: 'write_actions'; readonly actions: readonly Action[] }
  | { readonly type: 'write_metadata'; readonly value: number | bigint; readonly mask: number | bigint }
  | { readonly type: 'goto_table'; readonly table: number }
  | { readonly type: 'unknown'; readonly bytes: Uint8Array };

/** One member of a group; what is absent is zero (weight) or "any" (watches). */
export interface Bucket {
  readonly weight?: number;
  readonly watchPort?: number;
  readonly watchGroup?: number;
  readonly actions: readonly Action[];
}
