// What a probe asks of a remote device: who has its address, by ARP, or by neighbour discovery where it has none of IPv4.
import { type Address, addressNumber, ipv4Number, linkLocalOf, macNumber } from '../model/addresses.js';
import { arpProbe, arpReply } from '../packet/arp.js';
import { neighborAdvertisement, neighborSolicitation } from '../packet/nd.js';

/** A locally administered address, from which nobody but probes sends. */
export const probeMac = '02:d5:f1:00:00:01';

/** One question. */
export interface ProbeQuestion {
  readonly protocol: 'ARP' | 'ND';
  /** The frame that asks, padded to a size in bytes. */
  request(size?: number): Uint8Array;
  /** The MAC address that a frame answers with; undefined for a frame that is no answer. */
  answer(data: Uint8Array): number | undefined;
}

/** The question for a device with these addresses; undefined if it has none. */
export function probeQuestion(ips: readonly Address[]): ProbeQuestion | undefined {
  const ip = ips.find(({ family }) => family === 4) ?? ips[0];
  if (ip === undefined) return undefined;
  return ip.family === 4 ? byArp(ip) : byNeighborDiscovery(ip);
}

function byArp(ip: Address): ProbeQuestion {
  const target = ipv4Number(ip);
  return {
    protocol: 'ARP',
    request: (size) => arpProbe(macNumber(probeMac), target, size),
    answer: (data) => {
      const reply = arpReply(data);
      return reply?.ip === target ? reply.mac : undefined;
    },
  };
}

function byNeighborDiscovery(ip: Address): ProbeQuestion {
  const target = addressNumber(ip);
  const asker = { mac: macNumber(probeMac), ip: addressNumber(linkLocalOf(probeMac)) };
  return {
    protocol: 'ND',
    request: (size) => neighborSolicitation(asker, target, size),
    answer: (data) => {
      const reply = neighborAdvertisement(data);
      return reply?.ip === target ? reply.mac : undefined;
    },
  };
}
