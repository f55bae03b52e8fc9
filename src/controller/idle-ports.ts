// Interfaces that do nothing yet: what each waits for, in words with the command that helps. Silence would look like a fault.
import type { Chassis } from './chassis.js';

/** At most so many are named in one line. */
const namedLimit = 5;

/** One line for each thing that interfaces of the bridge wait for. */
export function idlePorts(chassis: Chassis): string[] {
  const waiting = chassis.ports
    .waiting()
    .map(({ interface: name, ref }) => `interface ${name} waits for lport ${ref}: damselfly apply -f FILE.yaml`);
  const bare = chassis.ports.bare();
  if (bare.length === 0) return waiting;
  const [first = ''] = bare;
  const names =
    bare.length > namedLimit
      ? `${bare.slice(0, namedLimit).join(', ')} and ${bare.length - namedLimit} more`
      : bare.join(', ');
  return [
    ...waiting,
    `${bare.length} ${bare.length === 1 ? 'interface carries' : 'interfaces carry'} no lport (${names}): ovs-vsctl set interface ${first} external_ids:iface-id=ID external_ids:damselfly-tenant=TENANT, and apply an lport of that name`,
  ];
}
