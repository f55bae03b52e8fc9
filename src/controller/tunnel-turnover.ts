// Which tunnel ports should be there, and which may go: those that nothing wants any more, after the barrier behind the last flow
// that named them, and not before what takes their place is there and used.
import type { FlowTable } from '../flow/table.js';
import type { TunnelPort } from '../flow/wanted.js';
import type { World } from '../model/world.js';
import type { BridgePorts } from './bridge-ports.js';

/** The tunnel ports of one chassis as they come and go. */
export class TunnelTurnover {
  readonly #world: World;
  readonly #table: FlowTable;
  readonly #ports: BridgePorts;
  readonly #tell: (wanted: readonly TunnelPort[], surplus: readonly string[]) => void;
  /** Ports that nothing wants any more, with the round after which no flow names them. */
  readonly #surplus = new Map<string, number>();
  /** Ports that are wanted, with the round since which they are. */
  readonly #wantedSince = new Map<string, number>();
  /** The last round in which a wanted port was neither there nor refused. */
  #incompleteRound = 0;
  #told = '';

  constructor(
    world: World,
    table: FlowTable,
    ports: BridgePorts,
    tell: (wanted: readonly TunnelPort[], surplus: readonly string[]) => void,
  ) {
    this.#world = world;
    this.#table = table;
    this.#ports = ports;
    this.#tell = tell;
  }

  /** Takes what is wanted as of a round, and tells what should be there if that is not what was told last. */
  turn(wanted: ReadonlyMap<string, TunnelPort>, round: number, isWhole: boolean): void {
    for (const key of wanted.keys()) if (!this.#wantedSince.has(key)) this.#wantedSince.set(key, round);
    for (const key of this.#wantedSince.keys()) if (!wanted.has(key)) this.#wantedSince.delete(key);
    const present = this.#ports.tunnelKeys;
    for (const key of present) if (!wanted.has(key) && !this.#surplus.has(key)) this.#surplus.set(key, round);
    for (const key of this.#surplus.keys()) if (wanted.has(key)) this.#surplus.delete(key);
    // What takes the place of an old tunnel comes first: its port, then its flows.
    if ([...wanted.keys()].some((key) => !this.#isSettled(key))) this.#incompleteRound = round;
    const acknowledged = this.#table.acknowledged();
    const isOver = (since: number): boolean => isWhole && acknowledged >= since && acknowledged > this.#incompleteRound;
    const mayGo = [...this.#surplus].filter(([, since]) => isOver(since)).map(([key]) => key);
    // The flows that hear a sender at its port come before the port, which takes over what it sends.
    const mayCome = [...wanted.values()].filter(({ key }) => acknowledged >= (this.#wantedSince.get(key) ?? 0));
    const text = JSON.stringify([mayCome, mayGo]);
    if (text !== this.#told) {
      this.#told = text;
      this.#tell(mayCome, mayGo);
    }
    for (const key of this.#surplus.keys()) if (!present.has(key)) this.#surplus.delete(key);
  }

  /** Whether Open vSwitch has numbered a tunnel port, or said why it does not. */
  #isSettled(key: string): boolean {
    const state = this.#world.tunnels.peek(key);
    return state?.ofport !== undefined || state?.error !== undefined;
  }
}
