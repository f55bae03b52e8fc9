// How the members of a network are spread over the groups that copy its broadcasts to them, and who is left over.

/**
 * Copies of a packet per group. A group is one message below 64 KiB; and what it does to a packet stays below the limits of Open
 * vSwitch for one translation: 4,096 table look-ups (up to three per local copy) and 64 KiB of actions (up to 110 bytes per tunnel).
 */
export const groupSize = { local: 1000, remote: 500 } as const;
/** Groups of one kind per network: three bits of a group id. */
export const groupsPerKind = 8;

/** Members by group, and those that the groups have no room for. */
export interface Shares<M> {
  readonly groups: readonly (readonly M[])[];
  readonly left: readonly M[];
}

/**
 * Spreads members over as few groups of at most `size` as a power of two allows. Which group a member is in depends on its
 * own number and on how many groups there are, so that one who comes or goes changes one group.
 */
export function sharesOf<M>(members: readonly M[], numberOf: (member: M) => number, size: number): Shares<M> {
  let groups = [members];
  for (let count = 2; count <= groupsPerKind && groups.some(({ length }) => length > size); count *= 2)
    groups = dealt(members, numberOf, count);
  return { groups: groups.map((group) => group.slice(0, size)), left: groups.flatMap((group) => group.slice(size)) };
}

function dealt<M>(members: readonly M[], numberOf: (member: M) => number, count: number): M[][] {
  const groups = Array.from({ length: count }, (): M[] => []);
  for (const member of members) groups[numberOf(member) % count]?.push(member);
  return groups;
}

/** A number for a name, always the same (FNV-1a, 32 bits). */
export function numberOfName(name: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < name.length; i++) hash = Math.imul(hash ^ name.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}
