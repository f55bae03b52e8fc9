// The pipeline: every table, register and priority of Damselfly, declared once. The numbers are those of the specifications.
import { declarePipeline } from '../flow/pipeline.js';

export const { tables, registers } = declarePipeline({
  tables: {
    classification: {
      id: 0,
      does: 'Whose packet is it? By interface, and for children by VLAN tag: source key and network.',
      miss: 'drop',
      next: [2, 3, 5],
    },
    tunnelNetwork: {
      id: 2,
      does: 'Which network does a packet from a tunnel belong to? By tunnel type and VNI, and for VTEPs by sender.',
      miss: 3,
      next: [100],
    },
    unknown: {
      id: 3,
      does: 'What nobody named is dropped here, and counted: each sender with its VNI, each VLAN id of an interface.',
      miss: 'drop',
      next: [],
    },
    portSecurity: {
      id: 5,
      does: 'May this port send from these addresses? in_port is forgotten here, so that a packet may leave where it came in.',
      miss: 'drop',
      next: [6, 10],
    },
    ndSecurity: {
      id: 6,
      does: 'May this port say what its neighbour discovery message says?',
      miss: 10,
      next: [10],
    },
    egressConntrack: {
      id: 10,
      does: 'Traffic leaving a port: connection tracking (security groups).',
      miss: 20,
      next: [],
    },
    services: { id: 20, does: 'Which packets does the network itself answer?', miss: 55, next: [25] },
    arp: { id: 25, does: 'Answers ARP requests for addresses of the network.', miss: 55, next: [55, 115] },
    l2: {
      id: 55,
      does: 'Which port has this MAC address on this network? Multicast goes to all.',
      miss: 'drop',
      next: [75, 101, 105],
    },
    egress: { id: 75, does: 'Is the destination here, or behind which tunnel?', miss: 'drop', next: [105] },
    tunnelDestination: {
      id: 100,
      does: 'Which port is a packet from a tunnel for? Ports that are here only, never another tunnel.',
      miss: 'drop',
      next: [101, 105],
    },
    floodPart: {
      id: 101,
      does: 'Who of a large network gets copies in this translation? Broadcasts come here once for each part of its members.',
      miss: 'drop',
      next: [105],
    },
    ingressConntrack: {
      id: 105,
      does: 'Traffic towards a port: connection tracking (security groups).',
      miss: 115,
      next: [],
    },
    dispatch: {
      id: 115,
      does: 'Out through the interface, with the tag of a child; never back to its sender.',
      miss: 'drop',
      next: [],
    },
  },
  registers: {
    sourceKey: {
      field: 'reg6',
      start: 0,
      bits: 32,
      means: 'unique key of the port that sent the packet; 0 for a packet from a tunnel',
    },
    destinationKey: { field: 'reg7', start: 0, bits: 32, means: 'unique key of the port that the packet is for' },
    networkKey: { field: 'metadata', start: 0, bits: 64, means: 'unique key of the network that the packet is on' },
    tunnelType: {
      field: 'reg3',
      start: 0,
      bits: 2,
      means: 'the tunnel that a packet came from: 1 vxlan, 2 geneve, 3 gre; 0 for none',
    },
    fromChassis: {
      field: 'reg3',
      start: 2,
      bits: 1,
      means: 'whether the sender of a packet from a tunnel is a managed chassis, which is heard on every network',
    },
    floodPart: { field: 'reg3', start: 3, bits: 4, means: 'the part of a large network that gets copies now' },
  },
});

/** Priorities that mean the same everywhere. */
export const priorities = {
  /** What no other flow of the table takes. */
  miss: 0,
  /** What comes out of a tunnel from nobody that is known. */
  unknownSender: 50,
  /** The ordinary flow of an object. */
  normal: 100,
  /** A tag that is nobody's, under `unknown_vlans: drop`. */
  unknownVlan: 120,
  /** A child's tag, above its parent's untagged traffic (the specification's number). */
  child: 150,
} as const;

/** The register's value that says which type of tunnel a packet came from. */
export const tunnelTypeCode = { vxlan: 1, geneve: 2, gre: 3 } as const;
