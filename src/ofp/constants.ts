// The protocol's numbers that programs need by name (OpenFlow 1.3.5, appendix A).

/** The version byte of OpenFlow 1.3. */
export const openFlow13 = 0x04;
/** Bytes of the header of every message. */
export const headerSize = 8;

/** Port numbers that are not ports. */
export const reservedPort = {
  unset: 0xffff_fff7,
  inPort: 0xffff_fff8,
  table: 0xffff_fff9,
  normal: 0xffff_fffa,
  flood: 0xffff_fffb,
  all: 0xffff_fffc,
  controller: 0xffff_fffd,
  local: 0xffff_fffe,
  any: 0xffff_ffff,
} as const;

/** Group ids that are not groups. */
export const reservedGroup = { all: 0xffff_fffc, any: 0xffff_ffff } as const;
/** Every table, in requests. */
export const allTables = 0xff;
/** "The packet is in the message, not in a buffer of the switch." */
export const noBuffer = 0xffff_ffff;
/** Send the whole packet to the controller. */
export const noBufferMaxLen = 0xffff;

/** Bits of a flow's flags. */
export const flowFlag = { sendFlowRem: 1, checkOverlap: 2, resetCounts: 4, noPktCounts: 8, noBytCounts: 16 } as const;
/** Bits of a bundle's flags. */
export const bundleFlag = { atomic: 1, ordered: 2 } as const;

/** Experimenter ids. */
export const experimenterId = { nicira: 0x0000_2320, onf: 0x4f4e_4600 } as const;

/** Bits of a port's configuration. */
export const portConfig = { portDown: 1, noRecv: 4, noFwd: 32, noPacketIn: 64 } as const;
/** Bits of a port's state. */
export const portState = { linkDown: 1, blocked: 2, live: 4 } as const;
