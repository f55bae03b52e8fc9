// What parsing text throws.

/** Text that is not a flow, group, match or action: what was read and what is wrong with it. */
export class SyntaxProblem extends Error {
  override readonly name = 'SyntaxProblem';
  /** The words that were not understood. */
  readonly text: string;

  constructor(text: string, why: string) {
    super(`"${text}": ${why}`);
    this.text = text;
  }
}
