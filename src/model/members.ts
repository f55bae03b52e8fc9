// Sets that tell when they change: what rules and indexes run over.

/** A set whose members come and go: the keys of an Input or of a Relation. */
export interface Members<M> {
  members(): Iterable<M>;
  /** Has a function called with each member that comes or goes. */
  watch(changed: (member: M) => void): void;
  present(member: M): boolean;
}
