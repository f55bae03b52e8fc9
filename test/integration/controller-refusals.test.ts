// A thousand wrong objects among ten thousand: each is refused by name, and the others are programmed as if they were not there.
import { setTimeout as delay } from 'node:timers/promises';
import t from 'tap';
import { refOf } from '../../src/model/ids.js';
import { schemaVersion } from '../../src/model/parse.js';
import { nbKey } from '../../src/sync/keys.js';
import { snapshot } from '../../src/sync/snapshot.js';
import { until } from '../lab/process.js';
import { patienceMs, Site, wholeOptions } from './controller-lab.js';

t.setTimeout(120_000);

const [count, every] = [10_000, 10];
const pair = (ip_address: string) => ({ allowed_address_pairs: [{ ip_address }] });

/**
 * What made agents stop that Neutron's advisories tell of (OSSA-2014-014 IPv6 subnets, 2014-025 numbers of pairs, 2014-039 servers of
 * names, 2015-012 empty prefixes, 2019-001 and -002 what does not fit a protocol; CVE-2014-0187 prefixes), and what else tenants write.
 */
const sorts: readonly (readonly [kind: 'lport' | 'subnet', fields: object | string, reason: RegExp])[] = [
  ['lport', pair('10.0.0.0/33'), /allowed_address_pairs.*prefix/],
  ['lport', { allowed_address_pairs: Array(2000).fill({ ip_address: '10.9.9.9' }) }, /at most 256 pairs/],
  ['lport', { ips: ['fd00::g'] }, /ips.*IPv6 address/],
  ['lport', { macs: ['01:00:5e:00:00:01'] }, /macs.*unicast MAC/],
  ['lport', { allowed_ethertypes: [0x0800] }, /allowed_ethertypes.*other than those of IPv4/],
  ['lport', { binding: { type: 'vtep', vtep_address: '224.0.0.1' } }, /vtep_address.*unicast/],
  ['subnet', { cidr: 'fd00::/200' }, /cidr.*prefix/],
  ['subnet', { cidr: '10.0.0.0/24', dns_nameservers: ['\n'] }, /dns_nameservers/],
  ['lport', '[]', /object/],
  ['lport', '{"schema": 1, "lswitch": ', /JSON/],
];

/** The device with a number, behind one VTEP. */
const device = (number: number) => ({
  lswitch: 'net',
  macs: [`fa:16:3e:${[number >> 16, (number >> 8) & 0xff, number & 0xff].map(hex).join(':')}`],
  ips: [`10.${number >> 16}.${(number >> 8) & 0xff}.${number & 0xff}`],
  binding: { type: 'vtep', vtep_address: '192.0.2.9' },
});
const hex = (byte: number): string => byte.toString(16).padStart(2, '0');

const badAt = (index: number) => (index % every === 0 ? sorts[(index / every) % sorts.length] : undefined);

/** Writes all objects, past every check of ours, as a tenant's own program would. */
async function writeAll(site: Site): Promise<void> {
  const { nb, nats } = site.store;
  for (let index = 0; index < count; index++) {
    const [kind, fields] = badAt(index) ?? (['lport', {}] as const);
    const text =
      typeof fields === 'string'
        ? fields
        : JSON.stringify({
            schema: schemaVersion,
            ...(kind === 'lport' ? device(index + 1) : { lswitch: 'net' }),
            ...fields,
          });
    nats.connection.publish(nb.subject(nbKey(kind, refOf('red', `d${index}`))), text);
  }
  await nats.connection.flush();
}

void t.test('a thousand of ten thousand objects are wrong', wholeOptions, async (t) => {
  const site = await Site.start(t);
  await site.put('lswitch', 'red/net', { allow_remote: ['red'] });
  // Empty prefixes are allowed; a set of addresses that could not hold them was what stopped agents (CVE-2015-3221).
  const any = [{ ip_address: '0.0.0.0/0' }, { ip_address: '::/0' }];
  const vm = { lswitch: 'net', macs: ['fa:16:3e:ff:00:01'], ips: ['10.255.0.1'], allowed_address_pairs: any };
  await site.put('lport', 'red/vm', vm);
  await site.plugged('br1', 'red/vm', 'vm');
  const controller = site.controller();
  await site.active('lport', 'red/vm');

  await writeAll(site);
  const good = count - count / every;
  const active = async (): Promise<number> => {
    await delay(1000); // to read them all is work for both sides
    const standings = await snapshot(site.store.status, 'red.lport.>');
    return standings.filter(({ text }) => text?.includes('"ACTIVE"')).length;
  };
  await until(`${good} devices and the VM are ACTIVE`, async () => (await active()) === good + 1, 3 * patienceMs);

  for (const [at, [kind, , reason]] of sorts.entries()) {
    const indexes = Array.from({ length: count / every / sorts.length }, (_, i) => (i * sorts.length + at) * every);
    const words = await Promise.all(indexes.map((index) => site.standing(kind, `red/d${index}`)));
    t.strictSame(
      words.filter((word) => !word.startsWith('ERROR') || !reason.test(word)),
      [],
      words[0] ?? '',
    );
  }
  const flows = await site.ours();
  const unicast = flows.filter((line) => /^ ?table=55.*dl_dst=fa:16:3e:0/.test(line));
  t.equal(unicast.length, good, 'each good device is found by its MAC address');
  t.ok(controller.isRunning);
  t.same(
    controller.log.filter(({ level }) => level >= 50),
    [],
    'nothing worse than a warning is said',
  );
});
