// A site with many ports more: ten networks of them.
import type { Test } from 'tap';
import { plugInterfaces } from '../../bench/plug.js';
import { bridge, FaultSite, type NbObject } from './site.js';

const networks = 10;
/** ofports that no other interface of the site gets. */
const firstOfport = 2000;

const hex = (byte: number): string => byte.toString(16).padStart(2, '0');

function portOf(number: number): NbObject {
  const [high, low] = [number >> 8, number & 0xff];
  const value = {
    lswitch: `net${number % networks}`,
    macs: [`fa:16:3e:02:${hex(high)}:${hex(low)}`],
    ips: [`10.2.${high}.${low}`],
  };
  return { kind: 'lport', id: `k${number}`, value };
}

/** Starts it; all of the ports, so many on each network, are there. */
export async function populated(
  t: Test,
  portsOfEach: number,
): Promise<{ site: FaultSite; ports: readonly NbObject[] }> {
  const ports = Array.from({ length: networks * portsOfEach }, (_, number) => portOf(number));
  const site = await FaultSite.start(t);
  for (let number = 0; number < networks; number++) await site.site.put('lswitch', `red/net${number}`);
  await plugInterfaces(
    site.site.ovs.database,
    bridge,
    ports.map(({ id }, index) => ({ name: id, ofport: firstOfport + index, ifaceId: `red/${id}` })),
  );
  await Promise.all(ports.map((port) => site.toggle(port)));
  await site.acknowledged(); // comparing all of it would keep this process, and so the controller's connection, from its work
  await site.converged();
  return { site, ports };
}
