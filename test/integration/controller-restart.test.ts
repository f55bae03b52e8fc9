// A controller that is killed and started again on a full table: nothing is sent, no counter begins anew, and no frame is lost, be it of a
// stream that runs or the first one of two who have never spoken. And what is sent where the northbound has changed meanwhile.
// So many flows as DAMSELFLY_RESTART_FLOWS says (10,000).
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { plugInterfaces } from '../../bench/plug.js';
import { bridge, FaultSite, type NbObject } from '../faults/site.js';
import { heldLines, wantedLines } from '../faults/wanted.js';
import { udp } from '../lab/packets.js';
import { readPcap } from '../lab/pcap.js';
import { until } from '../lab/process.js';
import { patienceMs, wholeOptions } from './controller-lab.js';

t.setTimeout(600_000);

const meant = Number(process.env.DAMSELFLY_RESTART_FLOWS ?? 10_000);
const [flowsOfEach, portsOfEach] = [24, 100];
const length = Math.ceil(meant / flowsOfEach);
/** Interfaces that say nothing until they are asked to; the first of them are the ones that hear. */
const [hearers, silent] = [4, 44];
/** ofports that no other interface of the site gets. */
const firstOfport = 2000;
const pauseMs = 15;

const hex = (byte: number): string => byte.toString(16).padStart(2, '0');
function portOf(number: number, lswitch: string, mac = number): NbObject {
  const value = {
    lswitch,
    macs: [`fa:16:3e:${lswitch === 'calm' ? '04' : '02'}:${hex(mac >> 8)}:${hex(mac & 0xff)}`],
    ips: [`10.${lswitch === 'calm' ? 4 : 2}.${number >> 8}.${number & 0xff}`],
  };
  return { kind: 'lport', id: `${lswitch === 'calm' ? 's' : 'k'}${number}`, value };
}
const bulk = Array.from({ length }, (_, number) => portOf(number, `net${Math.floor(number / portsOfEach)}`));
const calm = Array.from({ length: silent }, (_, number) => portOf(number + 1, 'calm'));

/** Pairs of interfaces each of which speaks once, while somebody asks for it. */
class Strangers {
  readonly #site: FaultSite;
  readonly #sent: string[] = [];
  #isOver = false;

  constructor(site: FaultSite) {
    this.#site = site;
  }

  static capture = ({ site }: FaultSite, id: string): string => join(site.dir, `${id}.pcap`);

  /** Sends a frame of another pair every few milliseconds, until it is stopped. */
  async run(): Promise<void> {
    for (const from of calm.slice(hearers))
      for (const to of calm.slice(0, hearers)) {
        if (this.#isOver) return;
        const text = `${from.id} to ${to.id}`;
        const [[src = '', dst = ''], [one = '', other = '']] = [firsts(from, to, 'macs'), firsts(from, to, 'ips')];
        const frame = udp({ src, dst, from: one, to: other }, 1, 2, Buffer.from(`stranger ${text}.`));
        if (await this.#site.control.run('netdev-dummy/receive', from.id, frame.toString('hex'))) this.#sent.push(text);
        await delay(pauseMs);
      }
  }

  /** Stops; resolves to how many were sent, and which did not come out. */
  async stop(): Promise<{ sent: number; lost: string[] }> {
    this.#isOver = true;
    const lost = (): string[] => {
      const heard = calm.slice(0, hearers).flatMap(({ id }) => readPcap(Strangers.capture(this.#site, id)));
      const texts = new Set(heard.map((frame) => /stranger ([^.]*)\./.exec(frame.toString('latin1'))?.[1]));
      return this.#sent.filter((text) => !texts.has(text));
    };
    await until('they come out', () => lost().length === 0, patienceMs).catch(() => undefined);
    return { sent: this.#sent.length, lost: lost() };
  }
}

const firsts = (from: NbObject, to: NbObject, field: 'macs' | 'ips'): string[] =>
  [from, to].flatMap(({ value }) => (value[field] as string[]).slice(0, 1)); // as `portOf` makes them

async function populated(t: Test): Promise<FaultSite> {
  const site = await FaultSite.start(t);
  const { ovs } = site.site;
  for (const name of new Set(bulk.map(({ value }) => String(value.lswitch))))
    await site.site.put('lswitch', `red/${name}`);
  await site.site.put('lswitch', 'red/calm');
  const interfaces = bulk.map(({ id }, index) => ({ name: id, ofport: firstOfport + index, ifaceId: `red/${id}` }));
  await plugInterfaces(ovs.database, bridge, interfaces);
  for (const { id } of calm)
    await ovs.addPort(bridge, id, {
      type: 'dummy',
      ifaceId: id,
      set: ['external_ids:damselfly-tenant=red', `options:tx_pcap=${Strangers.capture(site, id)}`],
    });
  await Promise.all([...bulk, ...calm].map((port) => site.toggle(port)));
  await site.acknowledged();
  await site.converged();
  await site.rested();
  return site;
}

/** Since when each flow is there and how many packets it has seen, by its text. */
async function countersOf({ site }: FaultSite): Promise<Map<string, { age: number; packets: number }>> {
  const lines = (await site.ovs.ofctl(['dump-flows', bridge])).split('\n');
  return new Map(
    lines
      .filter((line) => line.includes('cookie=0xd5f1') && !line.includes('cookie=0xd5f1ff'))
      .map((line) => {
        const [, age = '', packets = ''] = /duration=([\d.]+)s.* n_packets=(\d+)/.exec(line) ?? [];
        const text = line.replace(/(duration|n_packets|n_bytes|idle_age|hard_age)=[^, ]+, /g, '').trim();
        return [text, { age: Number(age), packets: Number(packets) }];
      }),
  );
}

/** The flows and groups that are to be told to the switch, by what tells them from each other. */
function identities(wanted: readonly string[], held: readonly string[]): Set<string> {
  const [wants, holds] = [new Set(wanted), new Set(held)];
  const differing = [...wanted.filter((line) => !holds.has(line)), ...held.filter((line) => !wants.has(line))];
  return new Set(
    differing.map((line) => /group_id=\d+/.exec(line)?.[0] ?? line.replace(/^cookie=\S+ | actions=.*/g, '')),
  );
}

void t.test(`a controller that is killed and started again on ${meant} flows`, wholeOptions, async (t) => {
  const site = await populated(t);
  await t.test('sends nothing, begins no counter anew, and loses no frame', async (t) => {
    const before = await countersOf(site);
    t.ok(before.size >= meant * 0.98, `${before.size} flows`);
    await site.stream.losses();
    const { mods } = site.between;
    const strangers = new Strangers(site);
    const talking = strangers.run();
    await site.controller.stop('SIGKILL');
    const startedMs = performance.now();
    site.startController();
    await site.rested();
    const restedMs = performance.now() - startedMs;
    const [firsts] = await Promise.all([strangers.stop(), talking]);
    const { sent, lost } = await site.stream.losses();
    const after = await countersOf(site);

    t.equal(site.between.mods - mods, 0, 'no flow or group is sent');
    const anew = [...before].filter(([text, { age, packets }]) => {
      const now = after.get(text);
      return now === undefined || now.age < age || now.packets < packets;
    });
    t.strictSame(anew, [], 'every flow is as old as it was, and has counted on');
    t.strictSame([...lost], [], `of ${sent} frames of running streams none is lost`);
    t.strictSame(firsts.lost, [], `of ${firsts.sent} first frames of two who have never spoken none is lost`);
    t.ok(firsts.sent > 20);
    t.comment(`${before.size} flows: at rest ${(restedMs / 1000).toFixed(2)} s after its start`);
  });

  await t.test(
    'sends exactly what differs where 1 % of the ports were deleted, written or changed meanwhile',
    async (t) => {
      const some = bulk.filter((_, index) => index % 100 === 7);
      const comingBack = bulk.filter((_, index) => index % 300 === 11);
      for (const port of comingBack) await site.toggle(port);
      await site.acknowledged();
      await site.converged();
      await site.rested();
      await site.stream.losses();

      await site.controller.stop('SIGKILL');
      for (const port of comingBack) await site.toggle(port);
      for (const [at, { kind, id, value }] of some.entries())
        if (at % 2 === 0) await site.site.remove(kind, `red/${id}`);
        else await site.site.put(kind, `red/${id}`, { ...value, macs: [`fa:16:3e:05:00:${hex(at % 256)}`] });
      const wanted = await wantedLines(site.site, 'red', 'c1');
      const due = identities(wanted, await heldLines(site.site, bridge));
      const { mods } = site.between;
      const startedMs = performance.now();
      site.startController();
      await site.acknowledged();
      await site.converged();
      const rightMs = performance.now() - startedMs;
      await site.rested();
      t.ok(due.size > some.length, `${due.size} flows and groups differ`);
      t.equal(site.between.mods - mods, due.size, 'as many messages are sent as flows and groups differ');
      t.strictSame([...(await site.stream.losses()).lost], [], 'and no frame is lost');
      t.comment(
        `${some.length + comingBack.length} ports: ${due.size} differ, ${site.between.mods - mods} sent, right after ${(rightMs / 1000).toFixed(2)} s`,
      );
    },
  );
});
