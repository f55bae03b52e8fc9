import t from 'tap';
import {
  type Candidacy,
  candidacyHeard,
  candidacyStart,
  candidacyTick,
  isFree,
  unansweredLimit,
} from '../../src/switch/candidacy.js';

/** What happens between two ticks: `passed`: the switch passed our question on, `answer`: a master spoke, `gone`: its process has ended. */
type Event = 'passed' | 'answer' | 'gone';

/** The steps that a history leads to, one at the start and one after each interval. */
function steps(history: readonly (readonly Event[])[]): string[] {
  let candidacy: Candidacy = candidacyStart;
  const tick = (isGone: boolean): string => {
    const next = candidacyTick(candidacy, isGone);
    candidacy = next.candidacy;
    return next.step;
  };
  return [
    tick(false),
    ...history.map((events) => {
      for (const event of events)
        if (event !== 'gone') candidacy = candidacyHeard(candidacy, event === 'answer' ? 'answer' : 'own question');
      return tick(events.includes('gone'));
    }),
  ];
}

const times = <T>(length: number, value: T): T[] => new Array<T>(length).fill(value);
const asks = (length: number): string[] => times(length, 'ask');

void t.test('who may become master without asking', (t) => {
  t.ok(isFree('nobody', false), 'a switch that never had a master');
  t.ok(isFree('ourselves', true), 'our own connection was lost');
  t.ok(isFree('gone', false), 'a controller that starts again after a crash');
  t.notOk(isFree('somebody', false));
  t.notOk(isFree('nobody', true), 'the switch has forgotten its master in a restart, and that one comes back too');
  t.end();
});

void t.test('a master that answers is left alone', (t) => {
  t.same(steps(times(100, ['passed', 'answer'])), asks(101));
  t.end();
});

void t.test('a master that does not answer for a while is followed', (t) => {
  t.same(steps(times(unansweredLimit, ['passed'])), [...asks(unansweredLimit), 'claim']);
  t.end();
});

void t.test('an answer begins the count anew, also one to an older question or to another who asks', (t) => {
  const silence = times<Event[]>(unansweredLimit - 1, ['passed']);
  t.same(steps([...silence, ['answer'], ...silence]), asks(2 * unansweredLimit));
  t.same(steps([...silence, ['answer', 'passed'], ...silence, ['passed']]).at(-1), 'claim');
  t.end();
});

void t.test('what the switch does not pass on says nothing of the master, and neither does a pause of our own', (t) => {
  t.same(steps(times(100, [])), asks(101));
  t.same(steps([['passed'], ...times<Event[]>(50, []), ['passed']]), asks(53));
  t.end();
});

void t.test('a master whose process has ended is followed at once', (t) => {
  t.same(steps([['passed', 'answer'], ['gone']]), ['ask', 'ask', 'claim']);
  t.end();
});
