// What a benchmark found, as a table that people read: values, ratios with their spread, and goals met or missed by how much.
import type { Spread } from './sample.js';

/** A limit for a ratio. */
export interface Goal {
  readonly kind: 'at most' | 'at least';
  readonly ratio: number;
}

/** A peer's value as a multiple of another's. */
export interface Ratio {
  /** What follows the number: `the bound`, `faster than os-ken`. */
  readonly of: string;
  readonly spread: Spread;
  readonly goal?: Goal;
}

/** One line of a table: a peer's value, and its ratios to others. */
export interface Line {
  readonly what: string;
  readonly peer: string;
  /** The value with its unit, as text. */
  readonly value: string;
  readonly ratios: readonly Ratio[];
}

/** One figure. */
export interface Figure {
  readonly bench: string;
  readonly title: string;
  readonly lines: readonly Line[];
  /** Sentences below the table: what was checked, what the control says, what is not comparable. */
  readonly notes: readonly string[];
}

/** A number with three digits that count. */
export function short(value: number): string {
  const size = Math.abs(value);
  if (!Number.isFinite(value)) return '-';
  if (size >= 1000) return Math.round(value).toLocaleString('en-US');
  if (size >= 1 && Number.isInteger(value)) return String(value);
  return value.toFixed(size >= 100 ? 0 : size >= 10 ? 1 : 2);
}

/** Middle and spread with a unit. */
export const valueText = ({ median, min, max }: Spread, unit: string): string =>
  `${short(median)} ${unit} (${short(min)}–${short(max)})`;

/** Whether a goal is met, and if not, by how much it is missed. */
export function verdict(goal: Goal, ratio: number): string {
  const factor = goal.kind === 'at most' ? ratio / goal.ratio : goal.ratio / ratio;
  const said = `goal ${goal.kind} ${short(goal.ratio)}x`;
  return factor <= 1 ? `${said}: met` : `${said}: MISSED by ${short((factor - 1) * 100)} %`;
}

const ratioText = ({ of, spread: { median, min, max }, goal }: Ratio): string =>
  `${short(median)}x ${of} (${short(min)}–${short(max)})${goal === undefined ? '' : `, ${verdict(goal, median)}`}`;

/** A figure as text, its columns aligned; what is said once is not repeated below itself. */
export function figureText({ title, lines, notes }: Figure): string {
  const rows = lines.map(({ what, peer, value, ratios }, i) => [
    what === lines[i - 1]?.what ? '' : what,
    peer,
    value,
    ...ratios.map(ratioText),
  ]);
  const widths = [0, 1, 2, 3].map((column) => Math.max(0, ...rows.map((row) => row[column]?.length ?? 0)));
  const table = rows.map((row) => `  ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ')}`);
  return [title, ...table.map((row) => row.trimEnd()), ...notes.map((note) => `  · ${note}`), ''].join('\n');
}

/** The note about the A/A control of a figure. */
export const controlNote = (share: number): string =>
  `A/A control: the same peer twice differs by ${short(share * 100)} %; no smaller claim counts` +
  (share > 0.1 ? ' (above 10 %: the machine is too busy for fine claims)' : '');
