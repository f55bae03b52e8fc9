// Who may receive a frame, and with which tags: the promises of the northbound in their plainest form.
import { claimedIp, claimedMac, type FrameIdea, type Sender } from './isolation-frames.js';
import { type Away, chassisAddress, type Site, type SitePort, type Slot, tunnelTo } from './isolation-sites.js';

interface Member {
  readonly port: SitePort;
  readonly slot: Slot;
  /** The tag of a child. */
  readonly vid: number | undefined;
}

/** The ports that are here and in order. */
const membersHere = ({ slots }: Site): Member[] =>
  slots
    .filter(({ port }) => port.enabled)
    .flatMap((slot) => [
      { port: slot.port, slot, vid: undefined },
      ...slot.children
        .filter(({ enabled, port }) => enabled && port.enabled)
        .map(({ vid, port }) => ({ port, slot, vid })),
    ]);

/** Who receives a frame: `port N [tags]` and `tunnel N [address] vni V [tags]`. */
export function receivers(
  site: Site,
  idea: FrameIdea,
  sender: Sender,
  keys: Readonly<Record<string, number>>,
): string[] {
  const here = membersHere(site).filter(({ port }) => port.network === sender.network);
  const away = site.away.filter(({ port }) => port.enabled && port.network === sender.network);
  if (idea.to === 'bridges') return [];
  if (sender.slot === undefined)
    return isHeard(site, idea, away)
      ? here.filter(({ port }) => isFor(idea, port)).flatMap((member) => arrival(member, sender))
      : [];
  if (sender.port === undefined || !maySay(idea, sender)) return [];
  if (isAnswered(idea, sender, [...here, ...away])) {
    const self = here.find(({ port }) => port === sender.port);
    return self === undefined ? [] : arrival(self, sender);
  }
  const tunnels = away
    .filter(({ port }) => isFor(idea, port))
    .map(({ address }) => {
      const named = site.mode === 'flow' ? ` ${address}` : '';
      const vni = keys[`lswitch ${String(sender.network)}`];
      return `tunnel ${tunnelTo(site, address)}${named} vni ${vni} [${sender.tags.join()}]`;
    });
  const others = here.filter(({ port }) => port !== sender.port && isFor(idea, port));
  return [...others.flatMap((member) => arrival(member, sender)), ...new Set(tunnels)];
}

/** A VTEP is heard on the networks of its devices only; a chassis that shares any network with this one on all that are here. */
function isHeard(site: Site, { from }: FrameIdea, away: readonly Away[]): boolean {
  if (!('address' in from)) return false;
  if (from.address !== chassisAddress) return away.some(({ address }) => address === from.address);
  const networks = new Set(membersHere(site).map(({ port }) => port.network));
  return site.away.some(
    ({ port, address }) => address === chassisAddress && port.enabled && networks.has(port.network),
  );
}

const isFor = ({ to }: FrameIdea, { mac }: SitePort): boolean => typeof to === 'string' || to === mac;

/** What comes out at a member: a child's tag on top; never, at a parent, what could enter the network of one of its children. */
function arrival({ slot, vid }: Member, { tags, popped }: Sender): string[] {
  const out = (left: readonly number[]): string[] => [`port ${slot.ofport} [${left.join()}]`];
  if (vid !== undefined) return out([vid, ...tags]);
  if (slot.children.length === 0) return out(tags);
  if (popped) return tags.length === 0 ? out([]) : [];
  const [outer] = tags;
  const enters = outer === 0 || slot.children.some((child) => child.vid === outer); // a guest looks behind a priority tag
  return enters ? [] : out(tags);
}

/** Port security: what is not hidden behind a tag is judged by its addresses, everything else is dropped. */
function maySay(idea: FrameIdea, sender: Sender): boolean {
  const { port } = sender;
  if (port?.secured !== true) return port !== undefined;
  if (isHidden(sender) || idea.payload === 'other') return false;
  return claimedMac(idea, sender) === port.mac && claimedIp(idea, sender) === port.mac;
}

/** Whether a tag stands before the payload where Open vSwitch does not look. */
const isHidden = ({ popped, tags }: Sender): boolean => tags.length > (popped ? 0 : 1);

/** ARP for an address that the network knows is answered here; one's own is not, nor what has a tag that passes through. */
function isAnswered(idea: FrameIdea, sender: Sender, members: readonly { port: SitePort }[]): boolean {
  if (idea.payload !== 'arp' || sender.tags.length > 0 || idea.asks === sender.port?.mac) return false;
  return members.some(({ port }) => port.mac === idea.asks);
}
