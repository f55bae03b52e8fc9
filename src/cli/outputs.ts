// The forms in which commands print objects.

const outputs = ['table', 'yaml', 'json'] as const;

/** For people, for `apply -f`, or for programs. */
export type Output = (typeof outputs)[number];

/** The form that `-o` names; throws a line that names them all. */
export function outputFrom(text: string): Output {
  const found = outputs.find((output) => output === text);
  if (found === undefined) throw new Error(`-o ${text}: one of ${outputs.join(', ')}`);
  return found;
}
