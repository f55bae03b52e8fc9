// Loaded into the controller before its program (node --import): a wall clock that can be set. At each SIGUSR2 it is set off by as
// many milliseconds as the file says. The machine's own clock, and every other program's, stays as it is.
import { existsSync, readFileSync } from 'node:fs';

const RealDate = Date;
let offMs = 0;

class SetDate extends RealDate {
  constructor(...words: readonly [] | ConstructorParameters<DateConstructor>) {
    if (words.length === 0) super(SetDate.now());
    else super(...words);
  }

  static override now(): number {
    return RealDate.now() + offMs;
  }
}

const path = process.env['DAMSELFLY_FAULTS_CLOCK'];
if (path !== undefined) {
  globalThis.Date = SetDate as DateConstructor; // but for being called as a function, which nobody does
  process.on('SIGUSR2', () => {
    if (existsSync(path)) offMs = Number(readFileSync(path, 'utf8'));
  });
}
