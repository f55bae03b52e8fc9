// Many writes, a bounded number of them under way at the same time.

/** How many keys are written at the same time. */
const maxUnderWay = 64;

/** Does something for each item, so many at a time; the first failure ends it. */
export async function inBatches<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  for (let i = 0; i < items.length; i += maxUnderWay) await Promise.all(items.slice(i, i + maxUnderWay).map(work));
}
