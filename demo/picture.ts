// The site at a glance: who is on which network, and on which chassis.
import { titled } from './line.js';
import { chassisAddresses, members } from './plan.js';

const places = [
  { head: 'network', chassis: 'network' },
  ...Object.entries(chassisAddresses).map(([name, address]) => ({ head: `${name}, ${address}`, chassis: name })),
  { head: 'behind a VTEP', chassis: undefined },
];
const widths = [12, 22, 26];

/** A table of networks and chassis with their members, and how to read it. */
export function picture(): string {
  const networks = [...new Set(members.map(({ network }) => network))];
  const row = (cells: readonly string[]) =>
    `  ${cells.map((cell, index) => cell.padEnd(widths[index] ?? 0)).join('')}`.trimEnd();
  const cell = (network: string, chassis: string | undefined) =>
    chassis === 'network'
      ? network
      : members
          .filter((it) => it.network === network && it.chassis === chassis)
          .map(titled)
          .join('  ');
  return [
    row(places.map(({ head }) => head)),
    ...networks.map((network) => row(places.map(({ chassis }) => cell(network, chassis)))),
    'vm1:100 is what vm1 sends with VLAN 100 on its single NIC; nobody manages what db is behind.',
  ].join('\n');
}
