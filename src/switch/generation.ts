// The generation id of a role request (OpenFlow 1.3.5, 6.3.4). The switch keeps the newest and refuses older ones; ours also say who
// became master last, so that whoever comes later can tell whether that process still runs.
//
//     63 ......... 48 | 47 ....... 32 | 31 ......... 10 | 9 ........ 0
//     takeovers so far|    machine    |   process id    | its start

/** A process, as far as a generation id can name it. */
export interface Holder {
  /** The machine with its process ids, 16 bits; 0: unknown. */
  readonly machine: number;
  /** 22 bits, as many as Linux has. */
  readonly pid: number;
  /** When it started, the last 10 bits, so that a process id that was given out again is no mistake. */
  readonly start: number;
}

/** What a switch answers that has never had a master. */
export const noGeneration = 0xffff_ffff_ffff_ffffn;

/** The generation id with which a process follows the last master; two processes never choose the same. */
export function nextGeneration(last: bigint, { machine, pid, start }: Holder): bigint {
  const takeovers = last === noGeneration ? 0n : last >> 48n;
  const holder = (BigInt(machine) << 32n) | (BigInt(pid & 0x3f_ffff) << 10n) | BigInt(start & 0x3ff);
  return BigInt.asUintN(64, (takeovers + 1n) << 48n) | holder;
}

/** Whether two generation ids name the same process. */
export const isSameHolder = (a: bigint, b: bigint): boolean => BigInt.asUintN(48, a) === BigInt.asUintN(48, b);

/** Whether a generation is newer than another, as a switch compares them: circular, so that they may wrap. */
export const isNewer = (generation: bigint, than: bigint): boolean => BigInt.asIntN(64, generation - than) > 0n;

/** The process that a generation id of ours names; of another's it is as good as random. */
export function holderOf(generation: bigint): Holder {
  return {
    machine: Number((generation >> 32n) & 0xffffn),
    pid: Number((generation >> 10n) & 0x3f_ffffn),
    start: Number(generation & 0x3ffn),
  };
}
