// Timelines in milliseconds: what happened, what the machine then wants.
import t from 'tap';
import {
  defaultReconnect,
  type Reconnect,
  type ReconnectConfig,
  type ReconnectEvent,
  reconnectAfter,
  reconnectDueMs,
  reconnecting,
  reconnectRun,
} from '../../src/ovsdb/reconnect.js';

/** Plays `time event…` lines against a machine; `run` lets it act. Answers with one line per step: time, action, phase, due. */
function play(script: readonly string[], config: Partial<ReconnectConfig> = {}): string[] {
  let machine: Reconnect = reconnecting({ ...defaultReconnect, ...config }, 0);
  return script.map((line) => {
    const [time = '', step = ''] = line.split(' ');
    const nowMs = Number(time);
    let said = step;
    if (step === 'run') {
      const { machine: after, action } = reconnectRun(machine, nowMs);
      machine = after;
      said = action ?? 'nothing';
    } else {
      machine = reconnectAfter(machine, step as ReconnectEvent, nowMs);
    }
    return `${time} ${said}: ${machine.phase}, due ${String(reconnectDueMs(machine))}`;
  });
}

void t.test('an attempt that is refused is repeated after 1, 2, 4, 8, 8 seconds', (t) => {
  let machine = reconnecting(defaultReconnect, 0);
  const waits: number[] = [];
  let nowMs = 0;
  for (let attempt = 0; attempt < 7; attempt++) {
    t.equal(reconnectRun(machine, nowMs).action, 'connect');
    machine = reconnectAfter(reconnectAfter(machine, 'connecting', nowMs), 'disconnected', nowMs);
    const dueMs = reconnectDueMs(machine) ?? NaN;
    t.equal(reconnectRun(machine, dueMs - 1).action, undefined);
    waits.push(dueMs - nowMs);
    nowMs = dueMs;
  }
  t.same(waits, [1000, 2000, 4000, 8000, 8000, 8000, 8000]);
  t.end();
});

void t.test('an attempt without an outcome is ended after as long as the last wait, at least a second', (t) => {
  t.same(play(['0 run', '0 connecting', '999 run', '1000 run', '1000 disconnected', '2000 run', '2000 connecting']), [
    '0 connect: backoff, due 0',
    '0 connecting: connecting, due 1000',
    '999 nothing: connecting, due 1000',
    '1000 disconnect: connecting, due 1000',
    '1000 disconnected: backoff, due 2000',
    '2000 connect: backoff, due 2000',
    '2000 connecting: connecting, due 3000',
  ]);
  t.end();
});

void t.test('silence is probed, an answer ends the doubt, no answer ends the connection', (t) => {
  const script = [
    '0 connecting',
    '100 connected',
    '600 activity',
    '5600 run',
    '5700 activity',
    '10700 run',
    '15699 run',
    '15700 run',
    '15700 disconnected',
  ];
  t.same(play(script), [
    '0 connecting: connecting, due 1000',
    '100 connected: active, due 5100',
    '600 activity: active, due 5600',
    '5600 probe: idle, due 10600',
    '5700 activity: active, due 10700',
    '10700 probe: idle, due 15700',
    '15699 nothing: idle, due 15700',
    '15700 disconnect: idle, due 15700',
    '15700 disconnected: backoff, due 16700',
  ]);
  t.end();
});

void t.test('with no probe interval, silence means nothing', (t) => {
  t.same(
    play(['0 connecting', '100 connected', '900000 run'], { probeIntervalMs: 0 }).at(-1),
    '900000 nothing: active, due undefined',
  );
  t.end();
});

void t.test('a connection that lives shorter than the last wait does not reset it, a longer one does', (t) => {
  const brief = [
    '0 connecting',
    '0 disconnected',
    '1000 connecting',
    '1000 disconnected',
    '3000 connecting',
    '3000 connected',
  ];
  t.equal(play([...brief, '3500 activity', '3600 disconnected']).at(-1), '3600 disconnected: backoff, due 7600');
  t.equal(play([...brief, '5000 activity', '5100 disconnected']).at(-1), '5100 disconnected: backoff, due 6100');
  t.end();
});

void t.test('as many attempts as there are remotes are free', (t) => {
  const script = ['0 connecting', '0 disconnected', '0 connecting', '0 disconnected', '0 connecting', '0 disconnected'];
  t.same(
    play(script, { freeTries: 3 }).filter((line) => line.includes('backoff')),
    ['0 disconnected: backoff, due 0', '0 disconnected: backoff, due 0', '0 disconnected: backoff, due 1000'],
  );
  t.end();
});
