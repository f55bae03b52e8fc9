// Cutting ovs-ofctl's text into words: `key`, `key=value`, `key:value`, `key(value)`, `key(value)->tail`.
import { SyntaxProblem } from './parse-error.js';

/** One word; `value` is empty where there is none. */
export interface Word {
  readonly key: string;
  readonly value: string;
  /** What stands between key and value; a parenthesis for `key(value)`. */
  readonly delimiter: '' | '=' | ':' | '(';
  /** What follows `->` after a closing parenthesis. */
  readonly tail: string;
  /** The word as it was written. */
  readonly text: string;
}

const isSeparator = (char: string) => char === ',' || char === ' ' || char === '\t' || char === '\r' || char === '\n';
const endsKey = (char: string) => isSeparator(char) || char === '=' || char === ':' || char === '(';

function findEnd(text: string, from: number, ends: (char: string) => boolean): number {
  let depth = 0;
  let at = from;
  for (; at < text.length; at++) {
    const char = text.charAt(at);
    if (depth === 0 && ends(char)) break;
    if (char === '(' || char === '[') depth++;
    if (char === ')' || char === ']') depth--;
    if (depth < 0) throw new SyntaxProblem(text, 'a parenthesis closes that was not opened');
  }
  if (depth > 0) throw new SyntaxProblem(text, 'a parenthesis is not closed');
  return at;
}

function wordAt(text: string, start: number): { word: Word; end: number } {
  let at = start;
  while (at < text.length && !endsKey(text.charAt(at)))
    at = text.charAt(at) === '[' ? text.indexOf(']', at) + 1 || text.length : at + 1;
  const key = text.slice(start, at);
  const char = text.charAt(at);
  if (char === '(') {
    const close = findEnd(text, at + 1, (c) => c === ')');
    if (close >= text.length) throw new SyntaxProblem(text.slice(start), 'a parenthesis is not closed');
    // The next word may follow without a separator.
    const end = text.startsWith('->', close + 1) ? findEnd(text, close + 3, isSeparator) : close + 1;
    const tail = text.slice(close + 3, end);
    return { word: { key, value: text.slice(at + 1, close), delimiter: '(', tail, text: text.slice(start, end) }, end };
  }
  if (char !== '=' && char !== ':') return { word: { key, value: '', delimiter: '', tail: '', text: key }, end: at };
  const end = findEnd(text, at + 1, isSeparator);
  return {
    word: { key, value: text.slice(at + 1, end), delimiter: char, tail: '', text: text.slice(start, end) },
    end,
  };
}

/** The words of a text, separated by commas or spaces outside of parentheses. */
export function wordsOf(text: string): Word[] {
  const words: Word[] = [];
  for (let at = 0; at < text.length;) {
    if (isSeparator(text.charAt(at))) {
      at++;
      continue;
    }
    const { word, end } = wordAt(text, at);
    words.push(word);
    at = end;
  }
  return words;
}

/** The values of words by their keys. Throws SyntaxProblem on a key that is none of `known`. */
export function optionsOf(text: string, ...known: readonly string[]): ReadonlyMap<string, string> {
  const words = wordsOf(text);
  const wrong = words.find(({ key }) => !known.includes(key));
  if (wrong) throw new SyntaxProblem(wrong.text, `is none of ${known.join(', ')}`);
  return new Map(words.map(({ key, value }) => [key, value]));
}
