// Interfaces that do nothing yet: what each waits for, in words with the command that helps. Silence would look like a fault.
import type { Logger } from 'pino';
import type { Chassis } from './chassis.js';

/** At most so many are named in one line. */
const namedLimit = 5;
/** How long things must be unchanged before we speak of interfaces that wait, in milliseconds. */
const restMs = 2000;

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

/** Says which interfaces of a chassis wait for something, once things have come to rest and whenever that is something else. */
export class IdlePorts {
  readonly #chassis: Chassis;
  readonly #log: Logger;
  #timer: NodeJS.Timeout | undefined;
  #said = '';

  constructor(chassis: Chassis, log: Logger) {
    this.#chassis = chassis;
    this.#log = log;
  }

  /** Something about the chassis may have changed. */
  changed(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#say();
    }, restMs).unref();
  }

  /** Nothing more is said. */
  end(): void {
    clearTimeout(this.#timer);
  }

  #say(): void {
    const idle = idlePorts(this.#chassis);
    const text = idle.join('; ');
    if (text === this.#said) return;
    this.#said = text;
    for (const line of idle) this.#log.info({ chassis: this.#chassis.id }, line);
  }
}
