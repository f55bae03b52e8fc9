// The registry of match fields: one row per OXM or NXM field that Open vSwitch 3.1 knows over OpenFlow 1.3 (ovs-fields(7)).
// The order of the rows is the order in which Open vSwitch writes a match.

/** Whether actions may write the field. */
export type Access = 'ro' | 'rw';
/** Whether a match may give a mask. */
export type Masking = 'mask' | 'exact';
/** How text spells a value of the field. */
export type FieldFormat =
  | 'decimal'
  | 'hex'
  | 'mac'
  | 'ipv4'
  | 'ipv6'
  | 'port'
  | 'port16'
  | 'frag'
  | 'tcp_flags'
  | 'tun_flags'
  | 'ct_state'
  | 'packet_type'
  | 'bytes';
/** What else a match must say before it may use the field. */
export type Prerequisite =
  | 'none'
  | 'eth'
  | 'vlan'
  | 'mpls'
  | 'ipv4'
  | 'ipv6'
  | 'ip'
  | 'tcp'
  | 'udp'
  | 'sctp'
  | 'icmpv4'
  | 'icmpv6'
  | 'nd'
  | 'nd_solicit'
  | 'nd_advert'
  | 'arp'
  | 'nsh'
  | 'ct';

/** Values that only the switch's own flows match. */
export type Internal = 'none' | 'nonzero' | 'any';

interface RowOptions {
  /** The other header by which the switch knows the field; load, move and their kin use it. */
  readonly alias?: readonly [name: string, code: number];
  /** ovs-ofctl's name of the field where it is not ours. */
  readonly text?: string;
  /** Bytes of a value on the wire where they are not the fewest that hold `bits`. */
  readonly size?: number;
  /** The least and greatest value in a match, where they are not all zeros and all ones. */
  readonly range?: readonly [least: number, most: number];
  /** The bits of a value in a match that are zero. */
  readonly zeros?: number;
  /** Which values only the switch's own flows match. */
  readonly internal?: Internal;
  /** The ethertype that a match must name too, beside what the field itself needs. */
  readonly withEthType?: number;
}

const row = <const Bits extends number, const A extends Access, const M extends Masking>(
  oxm: string,
  code: number,
  bits: Bits,
  access: A,
  masking: M,
  format: FieldFormat,
  prerequisite: Prerequisite,
  options: RowOptions = {},
) => ({ oxm, code, bits, access, masking, format, prerequisite, ...options });

/** Every field of fixed size, by the name that programs use. The variable tun_metadata fields are in fields.ts. */
export const fieldTable = {
  packet_type: row('OXM_OF_PACKET_TYPE', 44, 32, 'ro', 'exact', 'packet_type', 'none'),
  dp_hash: row('NXM_NX_DP_HASH', 35, 32, 'ro', 'mask', 'hex', 'none', { internal: 'any' }),
  recirc_id: row('NXM_NX_RECIRC_ID', 36, 32, 'ro', 'exact', 'decimal', 'none', { internal: 'nonzero' }),
  conj_id: row('NXM_NX_CONJ_ID', 37, 32, 'ro', 'exact', 'decimal', 'none'),
  in_port: row('OXM_OF_IN_PORT', 0, 32, 'rw', 'exact', 'port', 'none', { text: 'in_port_oxm' }),
  nxm_in_port: row('NXM_OF_IN_PORT', 0, 16, 'rw', 'exact', 'port16', 'none', { text: 'in_port' }),
  actset_output: row('ONFOXM_ET_ACTSET_OUTPUT', 43, 32, 'ro', 'exact', 'port', 'none'),
  eth_src: row('OXM_OF_ETH_SRC', 4, 48, 'rw', 'mask', 'mac', 'eth', { alias: ['NXM_OF_ETH_SRC', 2] }),
  eth_dst: row('OXM_OF_ETH_DST', 3, 48, 'rw', 'mask', 'mac', 'eth', { alias: ['NXM_OF_ETH_DST', 1] }),
  eth_type: row('OXM_OF_ETH_TYPE', 5, 16, 'ro', 'exact', 'hex', 'eth', { alias: ['NXM_OF_ETH_TYPE', 3] }),
  vlan_vid: row('OXM_OF_VLAN_VID', 6, 12, 'rw', 'mask', 'decimal', 'eth', { range: [0, 0x1fff] }),
  vlan_pcp: row('OXM_OF_VLAN_PCP', 7, 3, 'rw', 'exact', 'decimal', 'vlan'),
  vlan_tci: row('NXM_OF_VLAN_TCI', 4, 16, 'rw', 'mask', 'hex', 'eth'),
  mpls_tc: row('OXM_OF_MPLS_TC', 35, 3, 'rw', 'exact', 'decimal', 'mpls'),
  mpls_bos: row('OXM_OF_MPLS_BOS', 36, 1, 'ro', 'exact', 'decimal', 'mpls'),
  mpls_ttl: row('NXM_NX_MPLS_TTL', 30, 8, 'rw', 'exact', 'decimal', 'mpls'),
  mpls_label: row('OXM_OF_MPLS_LABEL', 34, 20, 'rw', 'exact', 'decimal', 'mpls'),
  ipv4_src: row('OXM_OF_IPV4_SRC', 11, 32, 'rw', 'mask', 'ipv4', 'ipv4', {
    alias: ['NXM_OF_IP_SRC', 7],
    text: 'ip_src',
  }),
  ipv4_dst: row('OXM_OF_IPV4_DST', 12, 32, 'rw', 'mask', 'ipv4', 'ipv4', {
    alias: ['NXM_OF_IP_DST', 8],
    text: 'ip_dst',
  }),
  ipv6_src: row('OXM_OF_IPV6_SRC', 26, 128, 'rw', 'mask', 'ipv6', 'ipv6', { alias: ['NXM_NX_IPV6_SRC', 19] }),
  ipv6_dst: row('OXM_OF_IPV6_DST', 27, 128, 'rw', 'mask', 'ipv6', 'ipv6', { alias: ['NXM_NX_IPV6_DST', 20] }),
  ip_frag: row('NXM_NX_IP_FRAG', 26, 2, 'ro', 'mask', 'frag', 'ip'),
  ip_dscp: row('OXM_OF_IP_DSCP', 8, 6, 'rw', 'exact', 'decimal', 'ip'),
  nw_tos: row('NXM_OF_IP_TOS', 5, 8, 'rw', 'exact', 'decimal', 'ip', { zeros: 0x03 }),
  ip_ecn: row('OXM_OF_IP_ECN', 9, 2, 'rw', 'exact', 'decimal', 'ip', { alias: ['NXM_NX_IP_ECN', 28], text: 'nw_ecn' }),
  nw_ttl: row('NXM_NX_IP_TTL', 29, 8, 'rw', 'exact', 'decimal', 'ip'),
  ipv6_label: row('OXM_OF_IPV6_FLABEL', 28, 20, 'rw', 'mask', 'hex', 'ipv6', { alias: ['NXM_NX_IPV6_LABEL', 27] }),
  ip_proto: row('OXM_OF_IP_PROTO', 10, 8, 'ro', 'exact', 'decimal', 'ip', {
    alias: ['NXM_OF_IP_PROTO', 6],
    text: 'nw_proto',
  }),
  tcp_src: row('OXM_OF_TCP_SRC', 13, 16, 'rw', 'mask', 'decimal', 'tcp', { alias: ['NXM_OF_TCP_SRC', 9] }),
  tcp_dst: row('OXM_OF_TCP_DST', 14, 16, 'rw', 'mask', 'decimal', 'tcp', { alias: ['NXM_OF_TCP_DST', 10] }),
  tcp_flags: row('ONFOXM_ET_TCP_FLAGS', 42, 12, 'ro', 'mask', 'tcp_flags', 'tcp', { alias: ['NXM_NX_TCP_FLAGS', 34] }),
  udp_src: row('OXM_OF_UDP_SRC', 15, 16, 'rw', 'mask', 'decimal', 'udp', { alias: ['NXM_OF_UDP_SRC', 11] }),
  udp_dst: row('OXM_OF_UDP_DST', 16, 16, 'rw', 'mask', 'decimal', 'udp', { alias: ['NXM_OF_UDP_DST', 12] }),
  sctp_src: row('OXM_OF_SCTP_SRC', 17, 16, 'rw', 'mask', 'decimal', 'sctp'),
  sctp_dst: row('OXM_OF_SCTP_DST', 18, 16, 'rw', 'mask', 'decimal', 'sctp'),
  icmpv4_type: row('OXM_OF_ICMPV4_TYPE', 19, 8, 'rw', 'exact', 'decimal', 'icmpv4', {
    alias: ['NXM_OF_ICMP_TYPE', 13],
    text: 'icmp_type',
  }),
  icmpv4_code: row('OXM_OF_ICMPV4_CODE', 20, 8, 'rw', 'exact', 'decimal', 'icmpv4', {
    alias: ['NXM_OF_ICMP_CODE', 14],
    text: 'icmp_code',
  }),
  icmpv6_type: row('OXM_OF_ICMPV6_TYPE', 29, 8, 'rw', 'exact', 'decimal', 'icmpv6', {
    alias: ['NXM_NX_ICMPV6_TYPE', 21],
  }),
  icmpv6_code: row('OXM_OF_ICMPV6_CODE', 30, 8, 'rw', 'exact', 'decimal', 'icmpv6', {
    alias: ['NXM_NX_ICMPV6_CODE', 22],
  }),
  nd_reserved: row('ERICOXM_OF_ICMPV6_ND_RESERVED', 1, 32, 'rw', 'exact', 'decimal', 'nd'),
  nd_target: row('OXM_OF_IPV6_ND_TARGET', 31, 128, 'rw', 'mask', 'ipv6', 'nd', { alias: ['NXM_NX_ND_TARGET', 23] }),
  nd_options_type: row('ERICOXM_OF_ICMPV6_ND_OPTIONS_TYPE', 2, 8, 'rw', 'exact', 'decimal', 'nd'),
  nd_sll: row('OXM_OF_IPV6_ND_SLL', 32, 48, 'rw', 'mask', 'mac', 'nd_solicit', { alias: ['NXM_NX_ND_SLL', 24] }),
  nd_tll: row('OXM_OF_IPV6_ND_TLL', 33, 48, 'rw', 'mask', 'mac', 'nd_advert', { alias: ['NXM_NX_ND_TLL', 25] }),
  arp_op: row('OXM_OF_ARP_OP', 21, 16, 'rw', 'exact', 'decimal', 'arp', {
    alias: ['NXM_OF_ARP_OP', 15],
    range: [0, 0xff],
  }),
  arp_spa: row('OXM_OF_ARP_SPA', 22, 32, 'rw', 'mask', 'ipv4', 'arp', { alias: ['NXM_OF_ARP_SPA', 16] }),
  arp_tpa: row('OXM_OF_ARP_TPA', 23, 32, 'rw', 'mask', 'ipv4', 'arp', { alias: ['NXM_OF_ARP_TPA', 17] }),
  arp_sha: row('OXM_OF_ARP_SHA', 24, 48, 'rw', 'mask', 'mac', 'arp', { alias: ['NXM_NX_ARP_SHA', 17] }),
  arp_tha: row('OXM_OF_ARP_THA', 25, 48, 'rw', 'mask', 'mac', 'arp', { alias: ['NXM_NX_ARP_THA', 18] }),
  tun_id: row('OXM_OF_TUNNEL_ID', 38, 64, 'rw', 'mask', 'hex', 'none', { alias: ['NXM_NX_TUN_ID', 16] }),
  tun_flags: row('NXM_NX_TUN_FLAGS', 104, 1, 'rw', 'mask', 'tun_flags', 'none', { size: 2 }),
  tun_src: row('NXM_NX_TUN_IPV4_SRC', 31, 32, 'rw', 'mask', 'ipv4', 'none'),
  tun_dst: row('NXM_NX_TUN_IPV4_DST', 32, 32, 'rw', 'mask', 'ipv4', 'none'),
  tun_ipv6_src: row('NXM_NX_TUN_IPV6_SRC', 109, 128, 'rw', 'mask', 'ipv6', 'none'),
  tun_ipv6_dst: row('NXM_NX_TUN_IPV6_DST', 110, 128, 'rw', 'mask', 'ipv6', 'none'),
  tun_gbp_id: row('NXM_NX_TUN_GBP_ID', 38, 16, 'rw', 'mask', 'decimal', 'none'),
  tun_gbp_flags: row('NXM_NX_TUN_GBP_FLAGS', 39, 8, 'rw', 'mask', 'hex', 'none'),
  tun_erspan_idx: row('NXOXM_ET_ERSPAN_IDX', 11, 20, 'rw', 'mask', 'hex', 'none', { range: [0, 0xffff_ffff] }),
  tun_erspan_ver: row('NXOXM_ET_ERSPAN_VER', 12, 4, 'rw', 'mask', 'decimal', 'none', { range: [0, 0xff] }),
  tun_erspan_dir: row('NXOXM_ET_ERSPAN_DIR', 13, 1, 'rw', 'mask', 'decimal', 'none', { range: [0, 0xff] }),
  tun_erspan_hwid: row('NXOXM_ET_ERSPAN_HWID', 14, 6, 'rw', 'mask', 'hex', 'none', { range: [0, 0xff] }),
  tun_gtpu_flags: row('NXOXM_ET_GTPU_FLAGS', 15, 8, 'ro', 'mask', 'hex', 'none'),
  tun_gtpu_msgtype: row('NXOXM_ET_GTPU_MSGTYPE', 16, 8, 'ro', 'mask', 'decimal', 'none'),
  nsh_flags: row('NXOXM_NSH_FLAGS', 1, 8, 'rw', 'mask', 'decimal', 'nsh'),
  nsh_ttl: row('NXOXM_NSH_TTL', 10, 8, 'rw', 'exact', 'decimal', 'nsh', { range: [0, 0x3f] }),
  nsh_mdtype: row('NXOXM_NSH_MDTYPE', 2, 8, 'ro', 'exact', 'decimal', 'nsh', { range: [1, 2] }),
  nsh_np: row('NXOXM_NSH_NP', 3, 8, 'ro', 'exact', 'decimal', 'nsh'),
  nsh_spi: row('NXOXM_NSH_SPI', 4, 24, 'rw', 'exact', 'hex', 'nsh'),
  nsh_si: row('NXOXM_NSH_SI', 5, 8, 'rw', 'exact', 'decimal', 'nsh'),
  nsh_c1: row('NXOXM_NSH_C1', 6, 32, 'rw', 'mask', 'hex', 'nsh'),
  nsh_c2: row('NXOXM_NSH_C2', 7, 32, 'rw', 'mask', 'hex', 'nsh'),
  nsh_c3: row('NXOXM_NSH_C3', 8, 32, 'rw', 'mask', 'hex', 'nsh'),
  nsh_c4: row('NXOXM_NSH_C4', 9, 32, 'rw', 'mask', 'hex', 'nsh'),
  reg0: row('NXM_NX_REG0', 0, 32, 'rw', 'mask', 'hex', 'none'),
  reg1: row('NXM_NX_REG1', 1, 32, 'rw', 'mask', 'hex', 'none'),
  reg2: row('NXM_NX_REG2', 2, 32, 'rw', 'mask', 'hex', 'none'),
  reg3: row('NXM_NX_REG3', 3, 32, 'rw', 'mask', 'hex', 'none'),
  reg4: row('NXM_NX_REG4', 4, 32, 'rw', 'mask', 'hex', 'none'),
  reg5: row('NXM_NX_REG5', 5, 32, 'rw', 'mask', 'hex', 'none'),
  reg6: row('NXM_NX_REG6', 6, 32, 'rw', 'mask', 'hex', 'none'),
  reg7: row('NXM_NX_REG7', 7, 32, 'rw', 'mask', 'hex', 'none'),
  reg8: row('NXM_NX_REG8', 8, 32, 'rw', 'mask', 'hex', 'none'),
  reg9: row('NXM_NX_REG9', 9, 32, 'rw', 'mask', 'hex', 'none'),
  reg10: row('NXM_NX_REG10', 10, 32, 'rw', 'mask', 'hex', 'none'),
  reg11: row('NXM_NX_REG11', 11, 32, 'rw', 'mask', 'hex', 'none'),
  reg12: row('NXM_NX_REG12', 12, 32, 'rw', 'mask', 'hex', 'none'),
  reg13: row('NXM_NX_REG13', 13, 32, 'rw', 'mask', 'hex', 'none'),
  reg14: row('NXM_NX_REG14', 14, 32, 'rw', 'mask', 'hex', 'none'),
  reg15: row('NXM_NX_REG15', 15, 32, 'rw', 'mask', 'hex', 'none'),
  xreg0: row('OXM_OF_PKT_REG0', 0, 64, 'rw', 'mask', 'hex', 'none'),
  xreg1: row('OXM_OF_PKT_REG1', 1, 64, 'rw', 'mask', 'hex', 'none'),
  xreg2: row('OXM_OF_PKT_REG2', 2, 64, 'rw', 'mask', 'hex', 'none'),
  xreg3: row('OXM_OF_PKT_REG3', 3, 64, 'rw', 'mask', 'hex', 'none'),
  xreg4: row('OXM_OF_PKT_REG4', 4, 64, 'rw', 'mask', 'hex', 'none'),
  xreg5: row('OXM_OF_PKT_REG5', 5, 64, 'rw', 'mask', 'hex', 'none'),
  xreg6: row('OXM_OF_PKT_REG6', 6, 64, 'rw', 'mask', 'hex', 'none'),
  xreg7: row('OXM_OF_PKT_REG7', 7, 64, 'rw', 'mask', 'hex', 'none'),
  xxreg0: row('NXM_NX_XXREG0', 111, 128, 'rw', 'mask', 'hex', 'none'),
  xxreg1: row('NXM_NX_XXREG1', 112, 128, 'rw', 'mask', 'hex', 'none'),
  xxreg2: row('NXM_NX_XXREG2', 113, 128, 'rw', 'mask', 'hex', 'none'),
  xxreg3: row('NXM_NX_XXREG3', 114, 128, 'rw', 'mask', 'hex', 'none'),
  pkt_mark: row('NXM_NX_PKT_MARK', 33, 32, 'rw', 'mask', 'hex', 'none'),
  ct_state: row('NXM_NX_CT_STATE', 105, 32, 'ro', 'mask', 'ct_state', 'none'),
  ct_zone: row('NXM_NX_CT_ZONE', 106, 16, 'ro', 'exact', 'hex', 'none'),
  ct_mark: row('NXM_NX_CT_MARK', 107, 32, 'rw', 'mask', 'hex', 'none'),
  ct_label: row('NXM_NX_CT_LABEL', 108, 128, 'rw', 'mask', 'hex', 'none'),
  ct_nw_src: row('NXM_NX_CT_NW_SRC', 120, 32, 'ro', 'mask', 'ipv4', 'ct', { withEthType: 0x0800 }),
  ct_nw_dst: row('NXM_NX_CT_NW_DST', 121, 32, 'ro', 'mask', 'ipv4', 'ct', { withEthType: 0x0800 }),
  ct_ipv6_src: row('NXM_NX_CT_IPV6_SRC', 122, 128, 'ro', 'mask', 'ipv6', 'ct', { withEthType: 0x86dd }),
  ct_ipv6_dst: row('NXM_NX_CT_IPV6_DST', 123, 128, 'ro', 'mask', 'ipv6', 'ct', { withEthType: 0x86dd }),
  ct_nw_proto: row('NXM_NX_CT_NW_PROTO', 119, 8, 'ro', 'exact', 'decimal', 'ct'),
  ct_tp_src: row('NXM_NX_CT_TP_SRC', 124, 16, 'ro', 'mask', 'decimal', 'ct'),
  ct_tp_dst: row('NXM_NX_CT_TP_DST', 125, 16, 'ro', 'mask', 'decimal', 'ct'),
  metadata: row('OXM_OF_METADATA', 2, 64, 'rw', 'mask', 'hex', 'none'),
};
