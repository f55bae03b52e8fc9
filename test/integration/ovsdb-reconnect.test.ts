// Our reconnect machine beside the one in Open vSwitch's own Python library: the same events at the same times must give
// the same actions, states and deadlines.
import fc from 'fast-check';
import t from 'tap';
import {
  type Reconnect,
  type ReconnectConfig,
  type ReconnectEvent,
  reconnectAfter,
  reconnectDueMs,
  reconnecting,
  reconnectRun,
} from '../../src/ovsdb/reconnect.js';
import { run } from '../lab/process.js';
import { needing, ovsPrograms } from '../lab/requirements.js';

interface Script {
  config: ReconnectConfig;
  steps: [nowMs: number, step: ReconnectEvent | 'run'][];
}

// The one that sees Debian's packages; openvswitch-switch brings the library.
const debianPython = '/usr/bin/python3';

const witness = `
import json, sys, logging
import ovs.reconnect as r, ovs.vlog
ovs.vlog.Vlog.init(None)
logging.disable(logging.CRITICAL)
names = {'BACKOFF': 'backoff', 'CONNECTING': 'connecting', 'ACTIVE': 'active', 'IDLE': 'idle'}
for script in json.load(sys.stdin):
    c = script['config']
    m = r.Reconnect(0)
    m.set_backoff(c['minBackoffMs'], c['maxBackoffMs'])
    m.set_probe_interval(c['probeIntervalMs'])
    m.set_backoff_free_tries(c['freeTries'])
    m.receive_attempted(None)
    m.enable(0)
    out = []
    for now, step in script['steps']:
        action = m.run(now) if step == 'run' else None
        if step == 'connecting': m.connecting(now)
        if step == 'connected': m.connected(now)
        if step == 'disconnected': m.disconnected(now, 0)
        if step == 'activity': m.activity(now)
        out.append([now, step, action, names[m.state.name], m.state.deadline(m, now)])
    print(json.dumps(out))
`;

/** Steps that a client can take, made from random numbers: nothing is heard where there is no connection. */
function scriptOf(config: ReconnectConfig, numbers: readonly (readonly [number, number])[]): Script {
  let machine = reconnecting(config, 0);
  let nowMs = 0;
  const steps = numbers.map(([waitMs, choice]): Script['steps'][number] => {
    // Half of the time exactly when the machine wants it, where the edges are.
    const dueMs = reconnectDueMs(machine);
    nowMs = choice % 2 === 0 && dueMs !== undefined ? Math.max(nowMs, dueMs) : nowMs + waitMs;
    const possible = possibleSteps(machine);
    const step = possible[choice % possible.length] ?? 'run';
    machine = after(machine, step, nowMs).machine;
    return [nowMs, step];
  });
  return { config, steps };
}

function possibleSteps({ phase }: Reconnect): (ReconnectEvent | 'run')[] {
  if (phase === 'backoff') return ['run', 'connecting', 'disconnected'];
  if (phase === 'connecting') return ['run', 'connected', 'disconnected', 'connecting'];
  return ['run', 'activity', 'disconnected', 'connected', 'run', 'activity'];
}

function after(machine: Reconnect, step: ReconnectEvent | 'run', nowMs: number): ReturnType<typeof reconnectRun> {
  return step === 'run' ? reconnectRun(machine, nowMs) : { machine: reconnectAfter(machine, step, nowMs) };
}

function ours({ config, steps }: Script): unknown[] {
  let machine = reconnecting(config, 0);
  return steps.map(([nowMs, step]) => {
    const { machine: next, action } = after(machine, step, nowMs);
    machine = next;
    return [nowMs, step, action ?? null, machine.phase, reconnectDueMs(machine) ?? null];
  });
}

void t.test('a thousand random lives are lived the same way by Open vSwitch', needing(...ovsPrograms), async (t) => {
  const config = fc.record({
    minBackoffMs: fc.constantFrom(1000, 1500),
    maxBackoffMs: fc.constantFrom(2000, 8000, 9000),
    probeIntervalMs: fc.constantFrom(0, 1000, 5000),
    freeTries: fc.nat(3),
  });
  const numbers = fc.array(fc.tuple(fc.nat(6000), fc.nat()), { minLength: 20, maxLength: 60, size: 'max' });
  const seed = Date.now() % 1_000_000;
  const scripts = fc.sample(fc.tuple(config, numbers), { numRuns: 1000, seed }).map((one) => scriptOf(...one));
  const lines = (await run(debianPython, ['-c', witness], { input: JSON.stringify(scripts) })).trim().split('\n');
  t.equal(lines.length, scripts.length);
  const different = scripts.flatMap((script, index) => {
    const [mine, theirs] = [JSON.stringify(ours(script)), JSON.stringify(JSON.parse(lines[index] ?? 'null'))];
    return mine === theirs ? [] : [{ config: script.config, mine, theirs }];
  });
  t.same(different.slice(0, 1), [], `seed ${seed}`);
  const actions = scripts.flatMap((script) => ours(script).map((line) => (line as unknown[])[2]));
  for (const action of ['connect', 'disconnect', 'probe']) t.ok(actions.includes(action), `${action} was among them`);
});
