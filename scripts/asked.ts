// What a script of this repository is asked on its command line. `--help` prints what there is; a mistake is answered in one line.
import { Command, InvalidArgumentError } from 'commander';

/** A script as npm starts it. */
export const script = (name: string, does: string): Command =>
  new Command(`npm run ${name} --`).description(does).showHelpAfterError('(--help shows what there is)');

/** Takes whole numbers from 0 on; throws InvalidArgumentError on anything else. */
export function count(text: string): number {
  const number = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(number)) throw new InvalidArgumentError('a whole number from 0 on.');
  return number;
}

/** Takes numbers above 0; throws InvalidArgumentError on anything else. */
export function positive(text: string): number {
  const number = Number(text);
  if (!(number > 0 && number < Infinity)) throw new InvalidArgumentError('a number above 0.');
  return number;
}
