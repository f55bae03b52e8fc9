// How the demo speaks: one line per claim as it is checked, sections between them, and at the end one sentence or one JSON.
import { holds, type Line, type Seen } from './line.js';

/** A line with what came of it. */
export interface Result extends Seen {
  readonly section: string;
  readonly id: string;
  readonly claim: string;
  readonly ms: number;
}

/** Claims take so many columns, so that what was sent and seen stands in a column of its own. */
const claimWidth = 59;

/** Runs lines and prints them, or gathers them for one JSON document. */
export class Report {
  readonly #json: boolean;
  readonly #results: Result[] = [];
  #section = '';

  constructor({ json }: { json: boolean }) {
    this.#json = json;
  }

  /** Says something that is not a claim; with --json it goes to standard error, where progress belongs. */
  say(text: string): void {
    (this.#json ? process.stderr : process.stdout).write(`${text}\n`);
  }

  /** Begins a section. */
  section(title: string): void {
    this.#section = title;
    this.say(`\n${title}`);
  }

  /** Checks one line and prints it; a line that throws has not held. */
  async check(line: Line): Promise<Result> {
    const result = await this.#resultOf(line);
    this.#results.push(result);
    this.say(lineText(result));
    return result;
  }

  async #resultOf({ id, claim, run }: Line): Promise<Result> {
    const started = Date.now();
    const seen = await run().catch((error: unknown): Seen => ({ held: false, sent: '', seen: String(error) }));
    return { section: this.#section, id, claim, ...seen, ms: Date.now() - started };
  }

  /** Checks lines one after the other. */
  async checkAll(lines: readonly Line[]): Promise<Result[]> {
    const results = [];
    for (const line of lines) results.push(await this.check(line));
    return results;
  }

  /** Runs lines at once with something broken; holds if exactly those in `red` fail. The red ones are printed, indented. */
  async expectRed(title: string, lines: readonly Line[], red: readonly string[]): Promise<void> {
    const results = await Promise.all(lines.map((line) => this.#resultOf(line)));
    const failed = results.filter(({ held }) => !held);
    for (const result of failed) this.say(lineText(result, red.includes(result.id) ? 'red ' : 'FAIL', '     '));
    const missed = red.filter((id) => !failed.some((result) => result.id === id));
    const extra = failed.filter(({ id }) => !red.includes(id));
    const faults = [
      ...missed.map((id) => `${id} stayed green`),
      ...extra.map(({ id, seen }) => `${id} turned red too (${seen})`),
    ];
    const held = faults.length === 0;
    const seen = held ? `${failed.length} red` : faults.join('; ');
    await this.check(
      holds(`sabotage:${title}`, 'exactly the lines that speak of it turn red', `${lines.length} lines`, () =>
        Promise.resolve({ held, seen }),
      ),
    );
  }

  /** Runs lines at once; holds if all do. Those that do not are printed, indented. */
  async expectGreen(id: string, claim: string, lines: readonly Line[]): Promise<void> {
    const results = await Promise.all(lines.map((line) => this.#resultOf(line)));
    const failed = results.filter(({ held }) => !held);
    for (const result of failed) this.say(lineText(result, 'FAIL', '     '));
    const seen = failed.map(({ id, seen }) => `${id} is red (${seen})`).join('; ') || `${lines.length} green`;
    await this.check(
      holds(id, claim, `${lines.length} lines`, () => Promise.resolve({ held: failed.length === 0, seen })),
    );
  }

  /** The demo cannot go on: nothing that is still to come has held. */
  broken(reason: string): void {
    this.#results.push({
      section: this.#section,
      id: 'broken',
      claim: 'the demo goes on',
      held: false,
      sent: '',
      seen: reason,
      ms: 0,
    });
  }

  /** Says what it all came to; returns whether everything held. */
  end(seconds: number): boolean {
    const failed = this.#results.filter(({ held }) => !held);
    const held = failed.length === 0 && this.#results.length > 0;
    if (this.#json) process.stdout.write(`${JSON.stringify({ held, lines: this.#results }, null, 2)}\n`);
    else {
      this.say(
        `\n${this.#results.length - failed.length} lines held, ${failed.length} did not (${seconds.toFixed(0)} s)`,
      );
      for (const result of failed) this.say(lineText(result));
    }
    return held;
  }
}

/** Coloured where colours are seen. */
function coloured(text: string, code: number): string {
  return process.stdout.isTTY ? `\x1b[${code}m${text}\x1b[0m` : text;
}

/**
 * A result in one line: held or not, the claim, what was sent, what was seen. A terminal that is too narrow for that gets the second
 * half below the first.
 */
function lineText(
  { held, claim, sent, seen }: Result,
  mark: 'ok  ' | 'FAIL' | 'red ' = held ? 'ok  ' : 'FAIL',
  indent = '',
): string {
  const what = `${sent === '' ? '' : `${sent}: `}${seen}`;
  const line = `${claim.padEnd(claimWidth)} ${what}`;
  const head = `${indent}${coloured(mark, mark === 'ok  ' ? 32 : 31)} `;
  const isNarrow = indent.length + mark.length + 1 + line.length > (process.stdout.columns || Infinity);
  return head + (isNarrow ? `${claim}\n${indent}       ${what}` : line);
}
