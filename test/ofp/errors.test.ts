// Errors have the names and numbers that ovs-ofctl print-error gives them.
import t from 'tap';
import { describeError, errorName, errorNumbers } from '../../src/ofp/index.js';
import { errorTable } from '../../src/ofp/error-table.js';
import { vectorRows } from './vector-rows.js';

void t.test('every error that Open vSwitch sends over OpenFlow 1.3 has its name and a sentence', (t) => {
  for (const [name = '', ...rest] of vectorRows('ovs-error-numbers').rows) {
    const [experimenter = 0, type = 0, code = 0] = rest.map(Number);
    // An experimenter's error has its type where the others have their code.
    const numbers: readonly [number, number, number?] = experimenter ? [0xffff, type, experimenter] : [type, code];
    t.equal(errorName(...numbers), name);
    t.match(describeError(...numbers).sentence, /^[A-Z].*\.$/);
    t.match(errorNumbers(name), { errorType: numbers[0], code: numbers[1] });
  }
  t.equal(vectorRows('ovs-error-numbers').rows.length, errorTable.length, 'and there is no other');
  t.end();
});

void t.test('an unknown error is named by its numbers', (t) => {
  t.equal(errorName(77, 3), 'error type 77 code 3');
  t.equal(errorName(0xffff, 3, 0xcafebabe), 'error type 65535 code 3 of experimenter 0xcafebabe');
  t.equal(errorNumbers('OFPXX_NOTHING'), undefined);
  t.end();
});
