// What Open vSwitch refuses of a chassis: each flow is named on its owner's status, with the switch's reason and as text; all others are
// there; and it is tried again when its owner changes, and when the reason may be gone, but not all the time.
import t, { type Test } from 'tap';
import { type App, rule } from '../../src/apps/app.js';
import type { Chassis } from '../../src/controller/chassis.js';
import type { Status } from '../../src/controller/reporter.js';
import { parseObject } from '../../src/model/parse.js';
import { refOf } from '../../src/model/ids.js';
import { apply, encode, type Instruction, type Match, setField } from '../../src/ofp/index.js';
import { parseAddress } from '../../src/switch/address.js';
import { commit } from '../../src/switch/commit.js';
import { Switches } from '../../src/switch/switches.js';
import { chassisAlone } from '../controller/chassis-alone.js';
import { Ovs } from '../lab/ovs.js';
import { until } from '../lab/process.js';
import { needing, ovsPrograms } from '../lab/requirements.js';
import { flowMod } from '../switch/flow-frames.js';
import { nextSession } from '../switch/waiting.js';
import { patienceMs } from './controller-lab.js';

t.setTimeout(120_000);

const [count, every] = [10_000, 20];
/** How long what was refused rests (`src/controller/installer.ts`). */
const restMs = 30_000;
const output = (port: number): Instruction => apply({ type: 'output', port });

interface Way {
  readonly table?: number;
  /** What is matched besides the lport's own address. */
  readonly match?: Match;
  readonly does?: Instruction;
}

/** What is bad in a flow, by the name of the error; of those after the first four the codec itself knows it. */
const ways: readonly (readonly [name: string, way: Way])[] = [
  ['OFPBAC_BAD_OUT_GROUP', { does: apply({ type: 'group', groupId: 99 }) }],
  ['OFPFMFC_TABLE_FULL', { table: 8 }],
  ['OFPMMFC_INVALID_METER', { does: { type: 'meter', meterId: 77 } }],
  ['a flow that is not ours has table=7', { table: 7 }],
  ['OFPBAC_BAD_OUT_PORT', { does: output(0xffff_ff01) }],
  ['OFPBMC_BAD_PREREQ', { match: { ipv4_src: 0x0a000001 } }],
  ['OFPBAC_MATCH_INCONSISTENT', { does: apply(setField('ipv4_src', 1)) }],
  ['OFPBAC_BAD_ARGUMENT', { does: apply({ type: 'push_vlan', ethertype: 0x1234 }) }],
  ['OFPBIC_BAD_TABLE_ID', { does: { type: 'goto_table', table: 3 } }],
  ['OFPFMFC_BAD_TABLE_ID', { table: 255 }],
];
/** The way in which the flow of an lport is bad; undefined: it is not. */
const wayOf = (index: number) => (index % every === 3 ? ways[Math.floor(index / every) % ways.length] : undefined);
const indexOf = (ref: string): number => Number(ref.slice('red/p'.length));
const addressOf = (index: number): number => 0x0200_0000_0000 + index;

/** An lport whose `enabled` is false wants a good flow, whatever its number. */
function lport(index: number, enabled = true) {
  return parseObject('lport', 'red', `p${index}`, { lswitch: 'net', macs: [], ips: [], enabled }, index + 1);
}

const app: App = {
  name: 'test',
  id: 0xfe,
  does: 'wants one flow for each lport',
  rules: [
    rule(
      'lport',
      ({ world }) => world.lports,
      ({ world }, ref) => {
        const index = indexOf(ref);
        const way = world.lports.get(ref)?.enabled === true ? wayOf(index) : undefined;
        const { table = 9, match, does = output(1) } = way?.[1] ?? {};
        return {
          flows: [{ table, priority: 1, match: { eth_dst: addressOf(index), ...match }, instructions: [does] }],
        };
      },
    ),
  ],
};

/** A chassis that wants these flows, on a bridge whose table 8 takes none and whose table 7 is somebody else's; time is moved by hand. */
async function served(t: Test) {
  const ovs = await Ovs.start({ datapath: 'dummy' });
  t.teardown(() => ovs.close());
  await ovs.addBridge('br0');
  const limit = ['--id=@ft', 'create', 'Flow_Table', 'flow_limit=0', 'overflow_policy=refuse'];
  await ovs.vsctl(...limit, '--', 'set', 'bridge', 'br0', 'flow_tables:8=@ft');
  let nowMs = 0;
  const switches = new Switches({ nowMs: () => nowMs });
  t.teardown(() => {
    switches.close();
  });
  const address = parseAddress(ovs.management('br0'));
  if (address === undefined) throw new Error('no address');
  switches.dial(address);
  const session = await nextSession(switches);
  const others = Array.from({ length: count }, (_, index) => index).filter((index) => wayOf(index)?.[1].table === 7);
  const foreign = others.map((index) => flowMod(7n, 1, [], { table: 7, match: { eth_dst: addressOf(index) } }));
  t.equal(
    (
      await commit(
        session,
        foreign.map((message) => encode(message, 0)),
      )
    ).kind,
    'done',
  );

  const said = new Map<string, Status | undefined>();
  const chassis = chassisAlone([app], said);
  t.teardown(() => {
    chassis.close();
  });
  chassis.object(parseObject('lswitch', 'red', 'net', {}, 1));
  chassis.allocated('lswitch', refOf('red', 'net'), 1);
  chassis.object(parseObject('chassis', '_operator', 'c2', { ips: ['192.0.2.2'], tunnel_types: ['vxlan'] }, 1));
  const add = (index: number): void => {
    const ref = refOf('red', `p${index}`);
    chassis.allocated('lport', ref, index + 1);
    chassis.claimed(ref, 'c2'); // else its status would be that it waits for an interface
    chassis.object(lport(index));
  };
  for (let index = 0; index < count; index++) add(index);
  for (const tenant of ['red', '_operator']) chassis.settled(tenant, count);
  chassis.attach(session);
  const skip = (ms: number): void => {
    nowMs += ms;
    chassis.installer.kick();
  };
  const errors = () => [...said].filter(([, status]) => status?.state === 'ERROR');
  const installed = async () => (await ovs.flows('br0')).filter((line) => line.includes('cookie=0xd5f1fe')).length;
  return { ovs, chassis, add, said, errors, installed, skip };
}

/** Waits until nothing is sent any more. */
async function quiet(chassis: Chassis): Promise<void> {
  let last = -1;
  await until(
    'nothing is sent any more',
    async () => {
      await new Promise((resolve) => setTimeout(resolve, 300));
      const isQuiet = chassis.installer.sent === last && chassis.table.counts().waiting === 0;
      last = chassis.installer.sent;
      return isQuiet;
    },
    patienceMs,
  );
}

void t.test('500 of 10,000 flows are bad in ten ways', needing(...ovsPrograms), async (t) => {
  const { ovs, chassis, add, said, errors, installed, skip } = await served(t);
  const bad = count / every;
  const begunMs = performance.now();
  await until('each bad flow is named', () => errors().length === bad, 60_000);
  t.comment(`${bad} of ${count} found after ${Math.round(performance.now() - begunMs)} ms`);
  await quiet(chassis);

  await t.test('each is an ERROR of its owner, with the reason and the flow, and all others are there', async (t) => {
    t.equal(await installed(), count - bad);
    const wrong = errors().filter(([ref, status]) => {
      const [name, { table = 9 }] = wayOf(indexOf(ref)) ?? ['none', {}];
      const address = `02:00:00:00:${hex(indexOf(ref) >> 8)}:${hex(indexOf(ref) & 0xff)}`;
      const { reason = '' } = status ?? {};
      return !(reason.startsWith(name) && reason.includes(`table=${table}`) && reason.includes(`dl_dst=${address}`));
    });
    t.strictSame(wrong, []);
    t.comment(errors()[0]?.[1]?.reason);
  });
  await t.test('it rests for 30 s, whatever else is refused meanwhile, and is tried once then', async (t) => {
    skip(restMs - 1);
    await quiet(chassis);
    const { sent } = chassis.installer;
    add(count + 3); // bad as well
    await until('the new one is named', () => said.get(refOf('red', `p${count + 3}`))?.state === 'ERROR', patienceMs);
    await quiet(chassis);
    t.equal(chassis.installer.sent, sent + 1, 'the others rest');
    skip(1);
    await until('they are tried', () => chassis.installer.sent > sent + 1, patienceMs);
    await quiet(chassis);
    // What the codec knows to be wrong is never sent, and in the place of a foreign flow nothing is.
    t.equal(
      chassis.installer.sent,
      sent + 1 + 3 * (bad / ways.length),
      'each of the three ways that are the switch’s own to refuse',
    );
    t.equal(errors().length, bad + 1);
    chassis.gone('lport', refOf('red', `p${count + 3}`), count + 5);
    await quiet(chassis);
  });
  await t.test('it is tried at once when its owner changes', async (t) => {
    const ref = refOf('red', 'p3');
    t.match(said.get(ref)?.reason, /^OFPBAC_BAD_OUT_GROUP/);
    chassis.object(lport(3, false));
    await until('it is named no more', () => said.get(ref) === undefined, patienceMs);
    await quiet(chassis);
    t.equal(await installed(), count - bad + 1);
  });
  await t.test('it is there after 30 s when the reason is gone', async (t) => {
    await ovs.vsctl('clear', 'bridge', 'br0', 'flow_tables');
    await ovs.ofctl(['add-group', 'br0', 'group_id=99,type=all,bucket=output:1']);
    skip(restMs);
    const left = 8 * (bad / ways.length);
    await until('those are named no more', () => errors().length === left, patienceMs);
    await quiet(chassis);
    t.equal(await installed(), count - left);
  });
});

const hex = (byte: number): string => byte.toString(16).padStart(2, '0');
