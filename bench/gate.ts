// Correctness before speed: a figure is printed only if what was measured did the work.

/** What was measured is wrong; there is no figure. */
export class GateError extends Error {
  override readonly name = 'GateError';
}

/** Refuses a figure whose work is wrong. */
export function demand(holds: boolean, what: string): void {
  if (!holds) throw new GateError(what);
}

/** Refuses a figure whose two lists do not hold the same lines, in whatever order; says the first differences. */
export function requireSame(what: string, found: readonly string[], expected: readonly string[]): void {
  const counts = new Map<string, number>();
  for (const line of expected) counts.set(line, (counts.get(line) ?? 0) + 1);
  const surplus = found.filter((line) => {
    const left = counts.get(line) ?? 0;
    counts.set(line, left - 1);
    return left <= 0;
  });
  const missing = [...counts].filter(([, left]) => left > 0).map(([line]) => line);
  if (surplus.length + missing.length === 0) return;
  const some = (lines: readonly string[]) => lines.slice(0, 3).join(' | ');
  throw new GateError(
    `${what}: ${missing.length} missing (${some(missing)}), ${surplus.length} surplus (${some(surplus)})`,
  );
}
