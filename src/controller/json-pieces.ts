// JSON of a large value piece by piece: to make the text of a hundred thousand ports at once would hold up everything else.

/** What lies deeper is small, and its text is made at once. */
const depthLimit = 5;

/** The text that JSON.stringify makes of plain data, a Map counting as an object, in pieces that are small as long as what is deep in it is. */
export function* jsonPieces(value: unknown, depth = depthLimit): Generator<string> {
  if (depth === 0 || typeof value !== 'object' || value === null) {
    yield value === undefined ? 'null' : JSON.stringify(value);
    return;
  }
  const isList = Array.isArray(value);
  let before = isList ? '[' : '{';
  const members: Iterable<readonly [unknown, unknown]> =
    value instanceof Map ? value : isList ? value.entries() : Object.entries(value); // of many, the last would take long
  for (const [key, member] of members) {
    if (member === undefined && !isList) continue;
    yield isList ? before : `${before}${JSON.stringify(key)}:`;
    yield* jsonPieces(member, depth - 1);
    before = ',';
  }
  if (before !== ',') yield before;
  yield isList ? ']' : '}';
}
