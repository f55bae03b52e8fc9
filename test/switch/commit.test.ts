import fc from 'fast-check';
import t, { type Test } from 'tap';
import { encode } from '../../src/ofp/index.js';
import { commit, type CommitResult } from '../../src/switch/commit.js';
import { SessionError, SwitchError } from '../../src/switch/errors.js';
import type { Session } from '../../src/switch/session.js';
import { Switches } from '../../src/switch/switches.js';
import { FakeBridge } from './fake-switch.js';
import { flowFrames, flowMod } from './flow-frames.js';
import { nextSession } from './waiting.js';

const badPort = { errorType: 2, code: 4 };
const badGroup = { errorType: 2, code: 9 };

async function served(t: Test): Promise<{ bridge: FakeBridge; session: Session; again: () => Promise<Session> }> {
  const switches = new Switches();
  t.teardown(() => {
    switches.close();
  });
  const { address } = await switches.listen({ kind: 'tcp', host: '127.0.0.1', port: 0 });
  const bridge = new FakeBridge(0x51n);
  const again = async (): Promise<Session> => {
    const session = nextSession(switches);
    (await bridge.connect(address)).hello();
    return session;
  };
  return { bridge, session: await again(), again };
}

function refusedIndices(result: CommitResult): number[] {
  return result.kind === 'done' ? [] : result.refused.map(({ index }) => index);
}

const byNumber = (a: number, b: number): number => a - b;
const cookies = (from: number, to: number): bigint[] =>
  Array.from({ length: to - from + 1 }, (_, i) => BigInt(from + i));

void t.test('everything goes in one bundle, in order, and done means that the barrier came back', async (t) => {
  const { bridge, session } = await served(t);
  const result = await commit(session, flowFrames(1000));
  t.equal(result.kind, 'done');
  t.same(bridge.installed, cookies(1, 1000));
  const [connection] = bridge.connections;
  const types = connection?.received.map(({ message }) =>
    message.type === 'bundle_control' ? message.ctrl : message.type,
  );
  t.equal(types?.filter((type) => type === 'open_request').length, 1);
  t.equal(types?.at(-1), 'barrier_request');
  t.equal(types?.at(-2), 'commit_request');
});

void t.test('nothing to commit is done', async (t) => {
  const { session } = await served(t);
  t.equal((await commit(session, [])).kind, 'done');
});

void t.test('without the barrier a commit is not done', async (t) => {
  const { bridge, session } = await served(t);
  bridge.faults.mute.add('barrier_request');
  let settled = false;
  const result = commit(session, flowFrames(1)).finally(() => (settled = true));
  const [connection] = bridge.connections;
  await connection?.receives('barrier_request');
  await session.echo();
  t.notOk(settled);
  session.close('closed', 'for the test');
  await t.rejects(result, { code: 'closed' });
});

void t.test('what the switch cannot read is named by xid, and the rest is committed with it left out', async (t) => {
  const { bridge, session } = await served(t);
  bridge.faults.onAdd.set(3n, badPort).set(8n, badPort);
  const result = await commit(session, flowFrames(10));
  t.same(result.kind === 'partly' && result.refused.map(({ index, name }) => [index, name]), [
    [2, 'OFPBAC_BAD_OUT_PORT'],
    [7, 'OFPBAC_BAD_OUT_PORT'],
  ]);
  t.same(bridge.installed, [1n, 2n, 4n, 5n, 6n, 7n, 9n, 10n]);
});

void t.test('what the switch cannot do is named one by one, and the rest goes in one bundle', async (t) => {
  const { bridge, session } = await served(t);
  bridge.faults.onCommit.set(2n, badGroup).set(9n, badGroup);
  bridge.faults.onAdd.set(5n, badPort);
  const result = await commit(session, flowFrames(10));
  t.same(refusedIndices(result), [1, 4, 8]);
  t.same(bridge.installed, [1n, 3n, 4n, 6n, 7n, 8n, 10n]);
});

void t.test('refusals without a name are found by bisecting', async (t) => {
  const { bridge, session } = await served(t);
  for (const cookie of [1n, 17n, 18n, 100n]) bridge.faults.onCommitUnnamed.add(cookie);
  const result = await commit(session, flowFrames(100));
  t.same(refusedIndices(result), [0, 16, 17, 99]);
  t.ok(result.kind === 'partly' && result.refused.every(({ name }) => name === 'OFPBFC_MSG_FAILED'));
  t.same(
    bridge.installed,
    cookies(1, 100).filter((c) => !bridge.faults.onCommitUnnamed.has(c)),
  );
});

void t.test('any mixture of refusals leaves exactly the others on the switch, in order', async (t) => {
  const { bridge, session } = await served(t);
  const kind = fc.constantFrom('good', 'good', 'good', 'onAdd', 'onCommit', 'unnamed');
  const property = fc.asyncProperty(fc.array(kind, { maxLength: 60, size: 'max' }), async (kinds) => {
    bridge.installed.length = 0;
    const { onAdd, onCommit, onCommitUnnamed } = bridge.faults;
    for (const faults of [onAdd, onCommit, onCommitUnnamed]) faults.clear();
    for (const [i, fault] of kinds.entries()) {
      if (fault === 'onAdd') onAdd.set(BigInt(i + 1), badPort);
      if (fault === 'onCommit') onCommit.set(BigInt(i + 1), badGroup);
      if (fault === 'unnamed') onCommitUnnamed.add(BigInt(i + 1));
    }
    const result = await commit(session, flowFrames(kinds.length));
    const bad = kinds.flatMap((fault, i) => (fault === 'good' ? [] : [i]));
    const good = kinds.flatMap((fault, i) => (fault === 'good' ? [BigInt(i + 1)] : []));
    return refusedIndices(result).join() === bad.join() && bridge.installed.join() === good.join();
  });
  await fc.assert(property, { numRuns: 100 });
});

void t.test('what one owner wants stays in one bundle, whatever is refused', async (t) => {
  const { bridge, session } = await served(t);
  const message = fc.record({ owner: fc.nat(40), fault: fc.constantFrom('good', 'good', 'good', 'onAdd', 'onCommit') });
  const property = fc.asyncProperty(fc.array(message, { minLength: 100, maxLength: 150 }), async (messages) => {
    bridge.bundles.length = 0;
    const { onAdd, onCommit } = bridge.faults;
    for (const faults of [onAdd, onCommit]) faults.clear();
    for (const [i, { fault }] of messages.entries()) {
      if (fault === 'onAdd') onAdd.set(BigInt(i + 1), badPort);
      if (fault === 'onCommit') onCommit.set(BigInt(i + 1), badGroup);
    }
    const owners = messages.map(({ owner }) => `owner ${owner}`);
    const result = await commit(session, flowFrames(messages.length), owners);
    const good = (index: number): boolean => messages[index]?.fault === 'good';
    t.ok(refusedIndices(result).every((index) => !good(index)));
    const indices = bridge.bundles.map((bundle) => bundle.map((cookie) => Number(cookie) - 1));
    t.same(indices.flat().sort(byNumber), [...messages.keys()].filter(good), 'everything that is good is there');
    t.same(
      indices.map((bundle) => [...bundle].sort(byNumber)),
      indices,
      'each bundle is in the order given',
    );
    const ownersOf = indices.map((bundle) => [...new Set(bundle.map((index) => owners[index]))]);
    t.equal(new Set(ownersOf.flat()).size, ownersOf.flat().length, 'no owner is in two');
  });
  await fc.assert(property, { numRuns: 100 });
});

void t.test(
  'many refusals cost a few times the messages, and what follows them goes in long bundles again',
  async (t) => {
    const { bridge, session } = await served(t);
    const [bad, all] = [5000, 10_000];
    for (let cookie = 3n; cookie <= bad; cookie += 50n) bridge.faults.onCommit.set(cookie, badGroup);
    const result = await commit(session, flowFrames(all));
    t.equal(refusedIndices(result).length, bad / 50);
    t.equal(bridge.installed.length, all - bad / 50);
    t.ok(bridge.added < 5 * all, `${bridge.added} messages`);
    const longest = Math.max(...bridge.bundles.map(({ length }) => length));
    t.ok(longest > 2000, `${longest} in one bundle`);
    bridge.faults.onCommit.clear();
    bridge.bundles.length = 0;
    t.equal((await commit(session, flowFrames(bad))).kind, 'done');
    t.equal(bridge.bundles.length, 1, 'the next commit is whole');
  },
);

void t.test('commits of one session do not overtake each other', async (t) => {
  const { bridge, session } = await served(t);
  bridge.faults.onCommit.set(2n, badGroup);
  const frames = flowFrames(6);
  const first = commit(session, frames.slice(0, 3));
  const second = commit(session, frames.slice(3));
  t.same(refusedIndices(await first), [1]);
  t.same(refusedIndices(await second), []);
  t.same(bridge.installed, [1n, 3n, 4n, 5n, 6n]);
});

void t.test('a connection lost at any step of a commit is an error, and the next session commits all', async (t) => {
  const { bridge, session, again } = await served(t);
  let current = session;
  // open, three adds, commit, barrier: the sixth message is the last
  for (let step = 1; step <= 6; step += 1) {
    bridge.faults.dropAfter = step;
    await t.rejects(commit(current, flowFrames(3)), SessionError, `dropped after message ${step}`);
    t.match((await current.closed).code, /closed_by_peer|socket/);
    bridge.faults.dropAfter = undefined;
    bridge.installed.length = 0;
    current = await again();
    t.equal((await commit(current, flowFrames(3))).kind, 'done');
    t.same(bridge.installed, [1n, 2n, 3n]);
  }
});

void t.test('a bundle that idled out at the switch is of unknown outcome, not done', async (t) => {
  const { bridge, session } = await served(t);
  bridge.faults.onOpen = { errorType: 0xffff, code: 2314 };
  await t.rejects(commit(session, flowFrames(3)), { name: 'SessionError', code: 'bundle_lost' });
});

void t.test('a switch that refuses bundles as such is reported as that', async (t) => {
  const { bridge, session } = await served(t);
  bridge.faults.onOpen = { errorType: 1, code: 3 };
  await t.rejects(commit(session, flowFrames(3)), SwitchError);
});

void t.test('meters go outside the bundle: before it, and their deletion after it', async (t) => {
  const { bridge, session } = await served(t);
  const meter = (command: 'add' | 'delete'): Uint8Array =>
    encode({ type: 'meter_mod', command, flags: 1, meterId: 1, bands: [] }, 0);
  const frames = [meter('delete'), ...flowFrames(1), meter('add')];
  t.equal((await commit(session, frames)).kind, 'done');
  const [connection] = bridge.connections;
  const order = connection?.received.flatMap(({ message }) => {
    if (message.type === 'meter_mod') return [`meter ${message.command}`];
    return message.type === 'bundle_add' ? ['flow'] : [];
  });
  t.same(order, ['meter add', 'flow', 'meter delete']);
});

void t.test('a message too long for a bundle is refused here, by name', async (t) => {
  const { bridge, session } = await served(t);
  const long = encode(
    flowMod(
      7n,
      1,
      Array.from({ length: 4091 }, () => ({ type: 'output', port: 1 })),
    ),
    0,
  );
  t.ok(long.length > 65_511, `${long.length} bytes`);
  const result = await commit(session, [...flowFrames(1), long]);
  t.same(result.kind === 'partly' && result.refused.map(({ index, name }) => [index, name]), [[1, 'OFPBRC_BAD_LEN']]);
  t.same(bridge.installed, [1n]);
});

void t.test('a slow switch is not flooded: what it has not read stays small', async (t) => {
  const { bridge, session } = await served(t);
  bridge.faults.mute.add('echo_request');
  const result = commit(session, flowFrames(20_000));
  const [connection] = bridge.connections;
  await connection?.receives('echo_request', 7);
  await new Promise((resolve) => setTimeout(resolve, 200));
  const bytes =
    connection?.received.reduce((size, { message }) => size + (message.type === 'bundle_add' ? 104 : 0), 0) ?? 0;
  t.ok(bytes > 0 && bytes < 9 * 33_000, `${bytes} bytes sent before the first answer`);
  session.close('closed', 'for the test');
  await t.rejects(result, { code: 'closed' });
});
