// One switch kept equal to one table, with a clock moved by hand and a switch that answers when it is told to.
import pino from 'pino';
import t, { type Test } from 'tap';
import { Installer } from '../../src/controller/installer.js';
import { flowItem } from '../../src/flow/item.js';
import { FlowTable } from '../../src/flow/table.js';
import { apply, decode, type MultipartReply, output } from '../../src/ofp/index.js';
import { Switches } from '../../src/switch/switches.js';
import { FakeBridge, type FakeConnection } from '../switch/fake-switch.js';
import { nextSession, until } from '../switch/waiting.js';

/** How often a switch without a flow monitor is read again, in milliseconds. */
const auditMs = 10_000;

const flow = (priority: number) =>
  flowItem(
    { id: 1, name: 'test' },
    { table: 0, priority, match: { in_port: 1 }, instructions: [apply(output(priority))] },
  );

const cookieOf = (priority: number): bigint => {
  const { message } = decode(flow(priority).frame);
  if (message.type !== 'flow_mod') throw new Error(message.type);
  return message.cookie;
};

/** A switch that is served, and answers multiparts only by `answer`. */
async function served(t: Test) {
  const clock = { nowMs: 0 };
  const switches = new Switches({ nowMs: () => clock.nowMs });
  t.teardown(() => {
    switches.close();
  });
  const { address } = await switches.listen({ kind: 'tcp', host: '127.0.0.1', port: 0 });
  const bridge = new FakeBridge(0x51n);
  const coming = nextSession(switches);
  const connection = (await bridge.connect(address)).hello();
  const session = await coming;
  bridge.faults.mute.add('multipart_request');
  const table = new FlowTable();
  table.whole = true;
  const installer = new Installer(table, true, { progressed: () => undefined }, pino({ enabled: false }));
  installer.attach(session);
  t.teardown(() => {
    installer.detach(session);
  });
  const want = async (priority: number): Promise<void> => {
    table.want({ name: String(priority), object: String(priority) }, 1, [flow(priority)]);
    const round = table.endRound();
    installer.kick();
    await until(() => table.acknowledged() === round, `flow ${priority} is acknowledged`);
  };
  return { clock, bridge, connection, table, installer, want };
}

type Kind = 'flow' | 'group_desc' | 'table';

/** Waits for the n-th request of a kind, from 0, and gives its xid. */
async function asked(connection: FakeConnection, kind: Kind, n: number): Promise<number> {
  const requests = () =>
    connection.received.filter(({ message }) => message.type === 'multipart_request' && message.kind === kind);
  await until(() => requests().length > n, `${kind} is asked for ${n + 1} times`);
  return requests()[n]?.xid ?? NaN;
}

/** An answer, or a part of one, that has nothing. */
async function answer(connection: FakeConnection, kind: Kind, n: number, more = false): Promise<void> {
  const reply: MultipartReply = { type: 'multipart_reply', kind, more, entries: [] };
  connection.send(reply, await asked(connection, kind, n));
}

/** How many flows there are in table 0. */
async function count(connection: FakeConnection, n: number, activeCount: number): Promise<void> {
  const entries = [{ table: 0, activeCount, lookupCount: 0n, matchedCount: 0n }];
  connection.send(
    { type: 'multipart_reply', kind: 'table', more: false, entries },
    await asked(connection, 'table', n),
  );
}

void t.test('what changes while a switch is read again is sent and acknowledged, and not sent again', async (t) => {
  const { clock, bridge, connection, table, installer, want } = await served(t);
  const firstly = want(1);
  await asked(connection, 'flow', 0);
  t.equal(table.acknowledged(), 0, 'before all was read nothing is sent');
  await answer(connection, 'flow', 0);
  await answer(connection, 'group_desc', 0);
  await firstly;
  clock.nowMs += auditMs + 1;
  installer.kick();
  await count(connection, 0, 10_000);
  await asked(connection, 'flow', 1);
  await want(2);
  await answer(connection, 'flow', 1, true);
  await want(3);
  await answer(connection, 'flow', 1);
  await asked(connection, 'flow', 2);
  await want(4);
  t.equal(installer.drift.count, 0);
  await answer(connection, 'flow', 2);
  await answer(connection, 'group_desc', 1);
  await until(
    () => installer.drift.count > 0,
    'the flow that was there before the reading, and is not told, is missed',
  );
  await until(() => bridge.installed.length === 5, 'it is put back');
  t.same(bridge.installed, [1, 2, 3, 4, 1].map(cookieOf));
  t.equal(installer.drift.count, 1);
});

void t.test('a reading that fails is tried again, and holds nothing up', async (t) => {
  const { clock, bridge, connection, installer, want } = await served(t);
  await answer(connection, 'flow', 0);
  await answer(connection, 'group_desc', 0);
  await want(1);
  clock.nowMs += auditMs + 1;
  installer.kick();
  connection.send(
    { type: 'error', errorType: 1, code: 5, data: new Uint8Array(0) },
    await asked(connection, 'table', 0),
  );
  await want(2);
  clock.nowMs += auditMs + 1;
  installer.kick();
  await count(connection, 1, 0);
  await answer(connection, 'group_desc', 1);
  await until(() => installer.drift.count === 2, 'the next one finds what is missing');
  await until(() => bridge.installed.length === 4, 'it is put back');
});
