// The difference of two short texts, line by line, in the unified form.

/** Lines of both texts: ` ` in both, `-` only in the first, `+` only in the second. Empty when they are equal. */
export function lineDiff(before: readonly string[], after: readonly string[]): string[] {
  // longest[i][j]: the length of the longest common subsequence of before from i on and after from j on.
  const longest = Array.from({ length: before.length + 1 }, () => new Uint32Array(after.length + 1));
  const at = (i: number, j: number): number => longest[i]?.[j] ?? 0;
  for (let i = before.length - 1; i >= 0; i--)
    for (let j = after.length - 1; j >= 0; j--) {
      const row = longest[i];
      if (row === undefined) continue;
      row[j] = before[i] === after[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));
    }
  const out: string[] = [];
  let [i, j] = [0, 0];
  while (i < before.length || j < after.length) {
    if (i < before.length && j < after.length && before[i] === after[j]) {
      out.push(` ${before[i] ?? ''}`);
      i++;
      j++;
    } else if (i < before.length && (j === after.length || at(i + 1, j) >= at(i, j + 1))) {
      out.push(`-${before[i] ?? ''}`);
      i++;
    } else {
      out.push(`+${after[j] ?? ''}`);
      j++;
    }
  }
  return out.every((line) => line.startsWith(' ')) ? [] : out;
}
