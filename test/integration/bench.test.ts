// The benchmarks run, with tiny numbers: real programs, every gate, a figure at the end; and the gates can fail.
import { existsSync } from 'node:fs';
import t from 'tap';
import { changeFigure } from '../../bench/change.js';
import { codecFigure } from '../../bench/codec.js';
import { recordMessages } from '../../bench/codec-messages.js';
import { GateError } from '../../bench/gate.js';
import { requireDump, requireInstalled } from '../../bench/installed.js';
import { figureText } from '../../bench/report.js';
import { Samples } from '../../bench/sample.js';
import { Site } from '../../bench/site.js';
import { syncFigure } from '../../bench/sync.js';
import { trunksFigure } from '../../bench/trunks.js';
import { compiled, parsed, plainObjects } from '../../bench/workload.js';
import { needing, ovsPrograms } from '../lab/requirements.js';

// A peer that nothing else needs is no part of the setup for tests.
const osKen = existsSync('/usr/lib/python3/dist-packages/os_ken');

void t.test(`the codec, ${osKen ? 'against os-ken' : 'without os-ken'}`, needing(...ovsPrograms), async (t) => {
  const samples = new Samples();
  const figure = await codecFigure({ ports: 6, rounds: 2, osKen }, samples);
  t.equal(samples.values('codec', 'encode', 'damselfly').length, 2);
  t.equal(samples.values('codec', 'dump', 'os-ken').length, osKen ? 2 : 0);
  t.match(figureText(figure), /flow_mod from a value +os-ken/);
});

void t.test(
  'one change of the northbound against the bare switch',
  needing(...ovsPrograms, 'nats-server'),
  async (t) => {
    const samples = new Samples();
    const figure = await changeFigure({ ports: 6, localOneIn: 3, changes: 2, spacingMs: 5 }, samples);
    t.equal(samples.values('change', 'add', 'damselfly').length, 2);
    t.equal(samples.values('change', 'add', 'bare again').length, 2);
    t.match(figureText(figure), /6 ports preloaded +bare 10 flow_mods \+ barrier +p50/);
  },
);

void t.test('a full sync against replaying its bytes', needing(...ovsPrograms, 'nats-server'), async (t) => {
  const samples = new Samples();
  const options = { sizes: [{ ports: 4, rounds: 1 }], deadlineMs: 20_000, budgetMs: 1000 };
  const figure = await syncFigure(options, samples);
  t.equal(samples.values('sync', 'time', 'damselfly').length, 1);
  t.match(figureText(figure), /4 ports, .* flows +replay of the bytes/);
});

void t.test(
  'trunks and remote devices: one more costs the same among few and among more',
  needing(...ovsPrograms, 'nats-server'),
  async (t) => {
    const samples = new Samples();
    const small = { trunks: 1, childrenPerTrunk: 2, networks: 2, devices: 2, vteps: 1 };
    const large = { trunks: 2, childrenPerTrunk: 3, networks: 2, devices: 4, vteps: 2 };
    const figure = await trunksFigure({ small, large, rounds: 1, deadlineMs: 20_000 }, samples);
    t.same(samples.values('trunks', 'add messages', 'a child'), [11, 11]);
    t.match(figureText(figure), /12 ports, .* flows +all, into an empty switch/);
  },
);

void t.test('a dump that lacks a flow gives no figure', needing(...ovsPrograms), async (t) => {
  const { dumps, flowMods } = await recordMessages(2);
  t.throws(
    () => {
      requireDump(dumps, flowMods.slice(1));
    },
    { name: GateError.name, message: /0 missing.*1 surplus/ },
  );
});

void t.test(
  'a switch with a foreign flow, or without a group, gives no figure',
  needing(...ovsPrograms, 'nats-server'),
  async (t) => {
    const site = await Site.start();
    t.teardown(() => site.close());
    const wanted = compiled(parsed(plainObjects({ ports: 2, portSecurity: false })));
    const install = async () => {
      await site.clear();
      site.openflow.write(Buffer.concat([...wanted.groups, ...wanted.flows].map(({ frame }) => frame)));
      await site.openflow.barrier();
    };
    await install();
    await requireInstalled(site.openflow, wanted);
    await site.ovs.ofctl(['add-flow', 'br0', 'table=7,priority=1 actions=drop']);
    await t.rejects(requireInstalled(site.openflow, wanted), { name: GateError.name, message: /1 surplus/ });
    await install();
    await site.ovs.ofctl(['add-group', 'br0', 'group_id=9,type=all,bucket=drop']);
    await t.rejects(requireInstalled(site.openflow, wanted), { name: GateError.name, message: /groups.*1 surplus/ });
  },
);
