// What ovs-vswitchd does when it, or we, stop for a while in the middle of a commit.
import { setTimeout as sleep } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { parseAddress } from '../../src/switch/address.js';
import { commit } from '../../src/switch/commit.js';
import type { Session } from '../../src/switch/session.js';
import { Switches } from '../../src/switch/switches.js';
import { Ovs } from '../lab/ovs.js';
import { needing, ovsPrograms } from '../lab/requirements.js';
import { flowFrames } from '../switch/flow-frames.js';
import { nextSession } from '../switch/waiting.js';

async function dialled(t: Test, ovs: Ovs): Promise<{ switches: Switches; session: Session }> {
  const address = parseAddress(ovs.management('br0'));
  if (!address) throw new Error('no address');
  const switches = new Switches();
  t.teardown(() => {
    switches.close();
  });
  switches.dial(address);
  return { switches, session: await nextSession(switches) };
}

async function fresh(t: Test, ...settings: string[]): Promise<Ovs> {
  const ovs = await Ovs.start({ datapath: 'dummy' });
  t.teardown(() => ovs.close());
  await ovs.addBridge('br0');
  await ovs.addPort('br0', 'p1', { type: 'dummy', ofport: 1 });
  if (settings.length > 0) await ovs.vsctl('set', 'Open_vSwitch', '.', ...settings);
  return ovs;
}

/** Holds up this process, timers and sockets and all. */
function blockEventLoop(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

void t.test(
  'a bundle that idles out because we stood still is of unknown outcome, never done',
  needing(...ovsPrograms),
  async (t) => {
    const ovs = await fresh(t, 'other_config:bundle-idle-timeout=1');
    const { session } = await dialled(t, ovs);
    const result = commit(session, flowFrames(20_000));
    result.catch(() => undefined); // it is awaited below
    setTimeout(() => {
      blockEventLoop(4000);
    }, 5);
    await t.rejects(result, { name: 'SessionError', code: 'bundle_lost' });
    t.equal(session.ended, undefined, 'the connection is as good as before');
    t.ok((await session.flows()).length < 20_000, 'and the dump tells what the switch holds');
    t.equal((await commit(session, flowFrames(20_000))).kind, 'done');
    t.equal((await session.flows()).length, 20_000);
  },
);

void t.test(
  'a switch that stands still in the middle of a commit finishes it afterwards',
  needing(...ovsPrograms),
  async (t) => {
    const ovs = await fresh(t);
    const { session } = await dialled(t, ovs);
    ovs.freezeSwitch();
    let settled = false;
    const result = commit(session, flowFrames(20_000)).finally(() => (settled = true));
    await sleep(3000);
    t.notOk(settled, 'nothing is done while it stands still');
    t.ok(session.unsentSize < 600_000, `${session.unsentSize} bytes wait here`);
    ovs.thawSwitch();
    t.equal((await result).kind, 'done');
    t.equal((await session.flows()).length, 20_000);
  },
);

void t.test(
  'a switch killed at any moment of a commit is an error, and what is left is served again',
  needing(...ovsPrograms),
  async (t) => {
    const ovs = await fresh(t);
    const { switches, session } = await dialled(t, ovs);
    let current = session;
    for (const afterMs of [0, 3, 20, 60]) {
      const result = commit(current, flowFrames(20_000)).then(
        () => 'done',
        (error: unknown) => error,
      );
      await sleep(afterMs);
      const again = nextSession(switches, 15_000);
      await ovs.stopSwitch('SIGKILL');
      const outcome = await result;
      t.ok(outcome instanceof Error || afterMs > 0, 'an error, unless it was already done');
      if (outcome instanceof Error) t.match(outcome, { name: 'SessionError', code: /closed_by_peer|socket/ });
      await ovs.startSwitch();
      current = await again;
      t.equal((await current.flows()).length, 0, 'ovs-vswitchd starts empty');
    }
  },
);
