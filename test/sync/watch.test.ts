import t from 'tap';
import { succession } from '../../src/sync/watch.js';

const place = (sequence: number, consumerSequence: number) => ({ sequence, consumerSequence });

void t.test('a delivery that came before is known, and whatever else is out of order is a loss', (t) => {
  const last = place(20, 7);
  t.equal(succession(last, place(21, 8)), 'next');
  t.equal(succession(last, place(35, 8)), 'next', 'other keys have what is between');
  t.equal(succession(last, place(20, 7)), 'again');
  t.equal(succession(last, place(15, 4)), 'again');
  t.equal(succession(last, place(22, 9)), 'broken', 'one is missing');
  t.equal(succession(last, place(21, 1)), 'broken', 'the consumer was made anew');
  t.equal(succession(last, place(21, 7)), 'broken');
  t.equal(succession(last, place(20, 9)), 'broken');
  t.equal(succession(place(0, 0), place(20, 1)), 'next');
  t.end();
});
