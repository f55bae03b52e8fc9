// Who receives a frame: random small networks and random frames, what Open vSwitch makes of each with compile's flows held against
// a little model that knows ports and tags and nothing of tables. `DAMSELFLY_SEED` repeats a run.
import fc from 'fast-check';
import t from 'tap';
import { compile } from '../../src/cli/compiled.js';
import { parseText } from '../../src/cli/files.js';
import { frameText } from '../../src/flow/item.js';
import { Ovs } from '../lab/ovs.js';
import { needing, ovsPrograms } from '../lab/requirements.js';
import { frameBytes, type FrameIdea, ideas, senderOf } from './isolation-frames.js';
import { receivers } from './isolation-model.js';
import { compileInput, type Site, sites, tunnelOfports } from './isolation-sites.js';

const seed = Number(process.env.DAMSELFLY_SEED ?? Date.now() % 1_000_000_000);
const siteRuns = Number(process.env.DAMSELFLY_RUNS ?? 25);
const framesPerSite = 30;

/** What a trace says was sent out, in the model's words. */
function delivered(trace: string, tags: readonly number[]): string[] {
  const actions = /^Datapath actions: (.*)$/m.exec(trace)?.[1];
  if (actions === undefined) throw new Error(trace);
  const tunnels = tunnelOutputs(trace);
  let stack = [...tags];
  const out: string[] = [];
  for (const action of actions.split(/,(?![^(]*\))/)) {
    const vid = /^(?:push_vlan|set\(vlan)\(vid=(\d+)/.exec(action)?.[1];
    if (action === 'pop_vlan') stack = stack.slice(1);
    else if (vid !== undefined) stack = [Number(vid), ...(action.startsWith('push') ? stack : stack.slice(1))];
    else if (/^\d+$/.test(action)) {
      const tunnel = tunnelOfports.includes(Number(action)) ? (tunnels.shift() ?? '?') : `port ${action}`;
      out.push(`${tunnel} [${stack.join()}]`);
    } else if (action !== 'drop' && !action.startsWith('set(')) throw new Error(`what is ${action}?\n${trace}`);
  }
  return out.sort();
}

/** The outputs to tunnel ports in order: ofport, address where the flow names one, and VNI. */
function tunnelOutputs(trace: string): string[] {
  const out: string[] = [];
  let [vni, address] = ['none', ''];
  for (const line of trace.split('\n').map((text) => text.trim())) {
    const [, value = '', field] = /^set_field:(\S+)->(tun_id|tun_dst)$/.exec(line) ?? [];
    if (field === 'tun_id') vni = String(Number(value));
    if (field === 'tun_dst') address = ` ${value}`;
    const ofport = Number(/^output:(\d+)$/.exec(line)?.[1]);
    if (tunnelOfports.includes(ofport)) out.push(`tunnel ${ofport}${address} vni ${vni}`);
  }
  return out;
}

void t.test('every frame reaches whom it must, and nobody else', needing(...ovsPrograms), async (t) => {
  const ovs = await Ovs.start({ datapath: 'dummy' });
  t.teardown(() => ovs.close());
  await ovs.addBridge('br0');
  for (let number = 1; number <= 9; number++) await ovs.addPort('br0', `p${number}`, { type: 'dummy', ofport: number });
  t.comment(`seed ${seed}`);

  const load = async (site: Site) => {
    const { yaml, options } = compileInput(site);
    const { objects, refused } = parseText('test', yaml);
    const compiled = compile(objects, refused, options);
    if (compiled.refused.length > 0) throw new Error(compiled.refused.map(({ text }) => text).join('\n'));
    await ovs.ofctl(['del-flows', 'br0']);
    await ovs.ofctl(['del-groups', 'br0']);
    const text = (items: readonly { frame: Uint8Array }[]) => items.map(({ frame }) => frameText(frame)).join('\n');
    await ovs.ofctl(['add-groups', 'br0', '-'], text(compiled.groups));
    await ovs.addFlows('br0', text(compiled.flows));
    return compiled.ports.keys;
  };
  let arrived = 0;
  const judge = async (site: Site, idea: FrameIdea, keys: Readonly<Record<string, number>>) => {
    const sender = senderOf(site, idea);
    const { metadata, hex } = frameBytes(site, idea, sender, keys);
    const trace = await ovs.appctl('ofproto/trace', 'br0', metadata, hex);
    const seen = delivered(trace, idea.tags);
    const expected = receivers(site, idea, sender, keys).sort();
    arrived += seen.length;
    if (seen.join('; ') !== expected.join('; '))
      throw new Error(
        `${JSON.stringify(idea)}\nfrom ${JSON.stringify(sender)}\nexpected ${expected.join('; ') || 'nobody'}\nseen ${seen.join('; ') || 'nobody'}\n${trace}`,
      );
  };
  await fc.assert(
    fc.asyncProperty(
      sites,
      fc.array(ideas, { minLength: framesPerSite, maxLength: framesPerSite }),
      async (site, frames) => {
        const keys = await load(site);
        for (const idea of frames) await judge(site, idea, keys);
      },
    ),
    { seed, numRuns: siteRuns, endOnFailure: process.env.DAMSELFLY_SHRINK === undefined },
  );
  // Seen: 120 to 180 for 25 sites. A test in which hardly anything arrives would prove nothing.
  t.ok(arrived > siteRuns * 2, `${arrived} copies arrived, each where it must`);
});
