// One line of the demo: something that must hold, what was sent for it and what was seen.
import { exchange, type Outcome, type Passage, type Placed } from '../test/lab/exchange.js';
import { icmp, tagsOf } from '../test/lab/packets.js';
import { ping } from '../test/lab/ping.js';
import type { Tap } from '../test/lab/wire.js';
import { member, members, type Member } from './plan.js';
import type { Site } from './site.js';

/** What a line came to. */
export interface Seen {
  readonly held: boolean;
  readonly sent: string;
  readonly seen: string;
}

/** A line: `id` is stable, `claim` is what must hold. */
export interface Line {
  readonly id: string;
  readonly claim: string;
  readonly run: () => Promise<Seen>;
}

/** A member for people: its name, or its machine and the VLAN id that its frames have there. */
export function titled({ name, machine, vid }: Member): string {
  return vid === 0 ? name : `${machine}:${vid}`;
}

const echoes = 2;

/** Two members that must talk: echo requests both ways at once. */
export function talks(site: Site, a: Member, b: Member, why = ''): Line {
  return {
    id: `talk:${a.name}:${b.name}`,
    claim: `${titled(a)} and ${titled(b)} talk${why === '' ? '' : `, ${why}`}`,
    run: async () => {
      const [there, back] = await Promise.all([
        ping(site.stack(a), site.stack(b).address, echoes),
        ping(site.stack(b), site.stack(a).address, echoes),
      ]);
      return {
        held: there.answered === echoes && back.answered === echoes,
        sent: `${echoes} echo requests each way`,
        seen: `${there.answered} and ${back.answered} answered`,
      };
    },
  };
}

/** A frame from a machine to one on the other chassis that comes there whatever a probe is about, if there is such a machine. */
function follower(site: Site, machine: string): Passage | undefined {
  const from = member(machine);
  const to = members.find(
    ({ network, chassis, vid }) =>
      network === from.network && vid === 0 && ![from.chassis, undefined].includes(chassis),
  );
  if (to === undefined) return undefined;
  const frame = icmp({ src: from.mac, dst: to.mac, from: from.ip, to: to.ip });
  return { sent: { at: site.tap(machine), frame }, seen: { at: site.tap(to.machine), frame } };
}

/** Sends frames and sees what comes of them where it is expected and at `watch`, once all that they lead to is through. */
export async function exchanged(
  site: Site,
  send: readonly Placed[],
  expect: readonly Placed[],
  watch: readonly Tap[],
): Promise<Outcome> {
  const [first] = send;
  const behind = first && follower(site, machineOf(first.at.name));
  return exchange(site.wire, {
    send,
    expect,
    watch,
    deadlineMs: 3_000,
    ...(behind === undefined ? {} : { follower: behind }),
  });
}

/** What a probe must lead to: `expect` frames and no others, at any machine or on the tunnels that are watched too. */
export interface Probe {
  readonly id: string;
  readonly claim: string;
  readonly sent: string;
  readonly send: () => readonly Placed[];
  readonly expect: () => readonly Placed[];
  /** Also watch what the chassis send to the underlay: nothing of the probe may appear there. */
  readonly alsoTunnels?: boolean;
}

/** A frame sent as it is, and exactly the frames that must come of it. */
export function probes(site: Site, { id, claim, sent, send, expect, alsoTunnels = false }: Probe): Line {
  return {
    id,
    claim,
    run: async () => {
      const wanted = expect();
      const watch = [...site.taps, ...(alsoTunnels ? site.underlays : [])];
      const outcome = await exchanged(site, send(), wanted, watch);
      const faults = faultsOf(outcome);
      const good = wanted.length === 0 ? 'seen nowhere' : `${wanted.map(place).join(', ')} only`;
      return { held: faults.length === 0, sent, seen: faults.length === 0 ? good : faults.join('; ') };
    },
  };
}

const faultsShown = 2;

/** What an exchange lacked and what it had too much of, the first few. */
export function faultsOf({ missing, surplus }: Outcome): string[] {
  const faults = [...missing.map((text) => `missing at ${text}`), ...surplus.map((text) => `too much at ${text}`)];
  const rest = faults.length - faultsShown;
  return [...faults.slice(0, faultsShown), ...(rest > 0 ? [`${rest} more`] : [])];
}

function place({ at, frame }: Placed): string {
  const tags = tagsOf(frame);
  return `at ${machineOf(at.name)} ${tags.length === 0 ? 'untagged' : `with VLAN ${tags.join(', ')}`}`;
}

function machineOf(tapName: string): string {
  return tapName.replace(/\/.*/, '');
}

/** A line about something other than frames. */
export function holds(
  id: string,
  claim: string,
  sent: string,
  look: () => Promise<{ readonly held: boolean; readonly seen: string }>,
): Line {
  return { id, claim, run: async () => ({ sent, ...(await look()) }) };
}
