// What happens again and again.
import t from 'tap';
import { Repeats } from '../../src/controller/repeats.js';

void t.test('the first of many is said at once, the others once a minute with their number', (t) => {
  const repeats = new Repeats();
  const said = Array.from({ length: 130 }, (_, second) => repeats.say('a', second * 1000));
  t.same(
    said.flatMap((unsaid, second) => (unsaid === undefined ? [] : [[second, unsaid]])),
    [
      [0, 0],
      [60, 59],
      [120, 59],
    ],
  );
  t.end();
});

void t.test('different things do not silence each other, and what was over is news again', (t) => {
  const repeats = new Repeats();
  t.equal(repeats.say('a', 0), 0);
  t.equal(repeats.say('b', 0), 0);
  repeats.over('a');
  t.equal(repeats.say('a', 1), 0);
  t.equal(repeats.say('b', 1), undefined);
  t.end();
});

void t.test('a peer that is somebody else each time takes no memory', (t) => {
  const repeats = new Repeats();
  for (let index = 0; index < 5000; index++) repeats.say(`peer ${index}`, 0);
  t.equal(repeats.say('peer 4999', 0), undefined, 'the newest are remembered');
  t.equal(repeats.say('peer 0', 0), 0, 'the oldest are not');
  t.end();
});
