// How many VLAN tags Open vSwitch looks at: other_config:vlan-limit, for all its bridges. With one, which is what it does by itself, it
// does not see what is behind a second tag, and port security drops that; with two, the addresses behind it decide.
import type { Logger } from 'pino';
import type { Vswitch } from '../ovsdb/vswitch.js';
import { failure } from './failure.js';

const key = 'vlan-limit';
const wanted = '2';
const command = `ovs-vsctl set Open_vSwitch . other_config:${key}=${wanted}`;

/** Looks after the limit of one Open vSwitch. */
export class VlanLimit {
  readonly #vswitch: Vswitch;
  readonly #maySet: boolean;
  readonly #log: Logger;
  #isSaid = false;
  #isBusy = false;

  constructor(vswitch: Vswitch, maySet: boolean, log: Logger) {
    this.#vswitch = vswitch;
    this.#maySet = maySet;
    this.#log = log;
  }

  /** The database has changed: a limit that is too small is raised, if that is allowed, or spoken of once. */
  look(): void {
    const limit = Number(this.#vswitch.view.openVswitch?.otherConfig.get(key) ?? 1);
    if (!this.#vswitch.isReady || limit !== 1 || this.#isBusy) return; // 0 is as many as it can
    if (this.#maySet) void this.#set();
    else if (!this.#isSaid)
      this.#log.info({ command }, 'Open vSwitch looks at one VLAN tag: a second one in a child’s frame is dropped');
    this.#isSaid = true;
  }

  async #set(): Promise<void> {
    this.#isBusy = true;
    try {
      await this.#vswitch.setOtherConfig(key, wanted);
      this.#log.warn(`set other_config:${key}=${wanted} of Open_vSwitch, for all its bridges`);
    } catch (error) {
      this.#log.warn({ ...failure(error), command }, `cannot set ${key}`);
    } finally {
      this.#isBusy = false;
    }
  }
}
