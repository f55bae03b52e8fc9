// The view of one chassis: questions about its world, each answer remembered together with what it read.
import { byteOrder, type OfPort, type Ref, tenantOf } from './ids.js';
import type { Members } from './members.js';
import type { TunnelType } from './kinds.js';
import type { Relation } from './relation.js';
import { type Network, resolveNetwork } from './network.js';
import {
  type Endpoint,
  endpointName,
  parseEndpointName,
  parseSenderName,
  type Sender,
  senderName,
  type TunnelOptions,
  tunnelOptions,
  tunnelOverhead,
} from './endpoint.js';
import {
  behind,
  chassisEndpoint,
  placeByClaim,
  type Placement,
  type RemotePlacement,
  vtepEndpoint,
} from './placement.js';
import { type Copies, copiesOf } from './copies.js';
import { type Port, resolvePort } from './port.js';
import { type Seats, seatsOf } from './seats.js';
import {
  resolveSegment,
  type Segment,
  type SegmentationTypes,
  type SegmentIndexes,
  segmentIndexes,
  type Tag,
  tagOf,
} from './segment.js';
import { type Answer, degraded, refused, sameAnswer, waiting } from './verdict.js';
import { type Settings, type TunnelState, type World } from './world.js';

/** A port together with the interface of this chassis behind which it is. */
export interface LocalPort extends Port {
  readonly ofport: OfPort;
  /** How a child's traffic is told apart on the parent's interface; undefined for a port of its own. */
  readonly tag: Segment | undefined;
}

const sameJson = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);

/** The name of the ports of a network on a chassis; a network has no space in its name. */
const placeName = (chassis: string, network: Ref): string => `${chassis} ${network}`;

function parsePlaceName(name: string): [chassis: string, network: Ref] {
  const at = name.lastIndexOf(' ');
  return [name.slice(0, at), name.slice(at + 1) as Ref]; // placeName put a Ref there
}

/** The questions that apps may ask. Every answer is a function of the world; asking records the read. */
export class View {
  readonly world: World;
  readonly segments: SegmentIndexes;
  /** A network by reference, or why there is none. */
  readonly networkAnswer: (ref: Ref) => Answer<Network>;
  /** A port by reference, or why there is none. */
  readonly portAnswer: (ref: Ref) => Answer<Port>;
  /** The tag that a segmentation asks for, whether it holds or not; undefined if it asks for none that there is. */
  readonly tagAsked: (ref: Ref) => Tag | undefined;
  /** A segmentation by reference, or why it does not hold. */
  readonly segmentAnswer: (ref: Ref) => Answer<Segment>;
  /** Where a port is, or why it is nowhere. */
  readonly placementAnswer: (ref: Ref) => Answer<Placement>;
  /** The place of a network's ports on another chassis, by `placeName`: one for all of them. */
  readonly #chassisPlace: (name: string) => Answer<RemotePlacement>;
  /** The networks that a VNI stands for: one, as they are allocated. */
  readonly networksOfVni: Relation<number, Ref>;
  // Ports by where they are: what each of these is stands in `Seats`.
  readonly localPortsOf: Seats['localPortsOf'];
  readonly localPorts: Seats['localPorts'];
  readonly endpointsOf: Seats['endpointsOf'];
  readonly remotePorts: Seats['remotePorts'];
  readonly chassisSenders: Seats['chassisSenders'];
  readonly incomplete: Seats['incomplete'];
  readonly remarkable: Seats['remarkable'];
  /** The far ends of tunnels, as `senderName`, with the endpoints that they have there: a packet from anybody else is not heard. */
  readonly senders: Relation<string, string>;
  /** The types of tunnel that lead to them by the usual port. */
  readonly tunnelTypes: Relation<TunnelType, string>;
  /** The devices that ask for options of the tunnel to their VTEP, by `senderName`. */
  readonly #optionsAsked: Relation<string, Ref>;

  /** To whom broadcasts are copied, and to whom not. */
  readonly copies: Copies;

  #lastLocal: { readonly port: Port; readonly place: Placement; readonly local: LocalPort } | undefined;

  /** The one owner of what is always wanted. */
  readonly always: Members<string>;

  constructor(world: World, types: SegmentationTypes) {
    this.world = world;
    this.always = { members: () => ['always'], watch: () => undefined, present: () => true };
    const { graph } = world;
    this.segments = segmentIndexes(world, types);
    this.networkAnswer = graph.query((ref: Ref) => resolveNetwork(world, ref), sameAnswer(sameJson));
    this.portAnswer = graph.query((ref: Ref) => resolvePort(world, this.networkAnswer, ref), sameAnswer(sameJson));
    this.tagAsked = (ref) => {
      const value = world.children.get(ref);
      return value === undefined ? undefined : tagOf(world, types, value).ok;
    };
    this.segmentAnswer = graph.query(
      (ref: Ref) => resolveSegment(world, types, this.segments, ref),
      sameAnswer(sameJson),
    );
    this.placementAnswer = graph.query((ref: Ref) => this.#discreet(ref, this.#place(ref)), sameAnswer(sameJson));
    this.#chassisPlace = graph.query((name) => this.#onChassis(...parsePlaceName(name)), sameAnswer(sameJson));
    this.networksOfVni = graph.relation(world.lswitches, (ref) => {
      const network = this.network(ref);
      return network === undefined ? [] : [[network.vni, ref]];
    });
    const seats = seatsOf(graph, {
      world,
      namedByChildren: this.segments.ofPort,
      port: (ref) => this.port(ref),
      place: (ref) => this.placementAnswer(ref).ok,
    });
    this.localPortsOf = seats.localPortsOf;
    this.localPorts = seats.localPorts;
    this.endpointsOf = seats.endpointsOf;
    this.remotePorts = seats.remotePorts;
    this.chassisSenders = seats.chassisSenders;
    this.incomplete = seats.incomplete;
    this.remarkable = seats.remarkable;
    this.senders = graph.relation(this.endpointsOf, (network) =>
      [...this.endpointsOf.at(network).keys()].map((name) => [senderName(parseEndpointName(name)), name] as const),
    );
    this.tunnelTypes = graph.relation(this.senders, (name) => {
      const { type, dstPort } = parseSenderName(name);
      return dstPort === undefined ? [[type, name]] : [];
    });
    const asking = world.lports.where((value) => tunnelOptions(value) !== undefined);
    this.#optionsAsked = graph.relation(asking, (ref) => {
      const [value, port] = [world.lports.get(ref), this.port(ref)];
      if (value === undefined || port === undefined || !this.hosts(port.network.ref)) return [];
      const endpoint = vtepEndpoint(world, port, value).ok;
      return endpoint === undefined ? [] : [[senderName(endpoint), ref]];
    });
    this.copies = copiesOf(graph, this);
  }

  /** What this chassis is. */
  settings(): Settings | undefined {
    return this.world.settings.get('self');
  }

  /** A network that is complete, or undefined. */
  network(ref: Ref): Network | undefined {
    return this.networkAnswer(ref).ok;
  }

  /** A port that is complete and enabled, or undefined. */
  port(ref: Ref): Port | undefined {
    return this.portAnswer(ref).ok;
  }

  /** A port that is here, with its ofport, or undefined. */
  localPort(ref: Ref): LocalPort | undefined {
    const place = this.placementAnswer(ref).ok;
    const port = place?.at === 'here' ? this.port(ref) : undefined;
    if (port === undefined || place?.at !== 'here') return undefined;
    // The rules of one owner ask for the same port one after the other.
    const last = this.#lastLocal;
    if (last?.port === port && last.place === place) return last.local;
    const local = { ...port, ofport: place.ofport, tag: place.tag };
    this.#lastLocal = { port, place, local };
    return local;
  }

  /** The far end behind which a port is, or undefined for one that is here or nowhere. */
  endpointOf(ref: Ref): Endpoint | undefined {
    return this.#remote(ref)?.endpoint;
  }

  /** Whether a port of the network is here. */
  hosts(network: Ref): boolean {
    return this.localPortsOf.has(network);
  }

  /** The segmentations that make `child` a child, those that hold and those that do not, in byte order. */
  segmentsOfChild(child: Ref): Ref[] {
    if (!this.segments.ofPort.has(child)) return [];
    return [...this.segments.ofChild.at(child).keys()].sort(byteOrder);
  }

  /** The segmentations that make `parent` carry children, those that hold and those that do not. */
  segmentsOfParent(parent: Ref): Ref[] {
    return this.segments.ofPort.has(parent) ? [...this.segments.ofParent.at(parent).keys()] : [];
  }

  /** The state of a tunnel port of ours; undefined while there is none. */
  tunnel(key: string): TunnelState | undefined {
    return this.world.tunnels.get(key);
  }

  /**
   * The key of the tunnel port that leads to a sender: the common one of its type in the mode `flow`, else its own. A port of its own
   * has in either mode who is reached in another way than the common port does it.
   */
  tunnelKey(sender: Sender): string {
    const isCommon = this.settings()?.tunnelMode === 'flow' && sender.dstPort === undefined;
    return isCommon && !this.#optionsAsked.has(senderName(sender)) ? sender.type : senderName(sender);
  }

  /** The options of the tunnel port of a sender, by its name: those of the device with the smallest unique key that asks for any. */
  tunnelOptions(sender: string): TunnelOptions | undefined {
    const asking = [...this.#optionsAsked.at(sender).keys()];
    const [first] = asking.sort((a, b) => (this.port(a)?.key ?? 0) - (this.port(b)?.key ?? 0));
    const value = first === undefined ? undefined : this.world.lports.get(first);
    return value === undefined ? undefined : tunnelOptions(value);
  }

  /** Whether a port is a remote device: bound to a VTEP. */
  isDevice(ref: Ref): boolean {
    return this.world.lports.get(ref)?.binding?.type === 'vtep';
  }

  /** The name of the far end behind which a port is; undefined for one that is here or nowhere. */
  endpointName(ref: Ref): string | undefined {
    return this.#remote(ref)?.name;
  }

  /** The largest IP packet of a network that fits through the tunnel to an endpoint, in bytes. */
  pathMtu(endpoint: Endpoint): number {
    const overhead = tunnelOverhead(endpoint, this.tunnelOptions(senderName(endpoint)));
    return (this.settings()?.underlayMtu ?? Infinity) - overhead;
  }

  /** The largest IP packet that reaches every member of a network, in bytes, and the endpoint that limits it, if it is one. */
  networkMtu(ref: Ref): { readonly mtu: number; readonly limit?: Endpoint } | undefined {
    const wanted = this.world.lswitches.get(ref)?.mtu;
    const paths = [...this.endpointsOf.at(ref).keys()].map((name) => {
      const limit = parseEndpointName(name);
      return { mtu: this.pathMtu(limit), limit };
    });
    const narrowest = paths.sort((a, b) => a.mtu - b.mtu || byteOrder(endpointName(a.limit), endpointName(b.limit)))[0];
    if (wanted !== undefined && wanted <= (narrowest?.mtu ?? Infinity)) return { mtu: wanted };
    return narrowest;
  }

  /** The ofport of a tunnel port; undefined until OVS has given it one without complaint. */
  tunnelPort(key: string): OfPort | undefined {
    const state = this.tunnel(key);
    return state?.error === undefined ? state?.ofport : undefined;
  }

  /** What stands in the way of a child of another tenant's port is told without that tenant's names. */
  #discreet(ref: Ref, answer: Answer<Placement>): Answer<Placement> {
    const [segment] = this.segmentsOfChild(ref);
    if (answer.no === undefined || segment === undefined || tenantOf(segment) === tenantOf(ref)) return answer;
    const allowed = 'it is a child of another tenant’s port, which is not ready for it';
    return { no: { state: answer.no.state, fault: { field: 'parent', allowed } } };
  }

  #remote(ref: Ref): RemotePlacement | undefined {
    const place = this.placementAnswer(ref).ok;
    return place?.at === 'remote' ? place : undefined;
  }

  #onChassis(chassis: string, ref: Ref): Answer<RemotePlacement> {
    const network = this.networkAnswer(ref);
    const endpoint = network.no === undefined ? chassisEndpoint(this.world, network.ok, chassis) : network;
    return endpoint.no === undefined ? { ok: behind(endpoint.ok, true) } : endpoint;
  }

  #place(ref: Ref): Answer<Placement> {
    const value = this.world.lports.get(ref);
    if (value === undefined) return waiting('lport', ref, `waits for lport ${ref}`);
    const segment = this.#segmentOfChild(ref);
    if (segment === undefined) return this.#placeOwn(ref, ref, undefined);
    if (segment.no !== undefined) return segment;
    const { parent } = segment.ok;
    if (this.world.children.get(segment.ok.ref)?.enabled !== true)
      return waiting('enabled', false, 'its child_port_segmentation is disabled (enabled: false)');
    if (this.world.lports.get(parent)?.enabled !== true)
      return waiting('parent', parent, `its parent, lport ${parent}, is disabled`);
    const [own, above] = [this.port(ref), this.port(parent)];
    if (own !== undefined && own.network.ref === above?.network.ref && own.macs.some((mac) => above.macs.includes(mac)))
      return refused(
        'macs',
        own.macs,
        `on the network of its parent, lport ${parent}, it needs a MAC address of its own`,
      );
    return this.#placeOwn(ref, parent, segment.ok);
  }

  /** Where `carrier`'s interface is, seen as the place of `ref`: itself, or its parent's for a child. */
  #placeOwn(ref: Ref, carrier: Ref, tag: Segment | undefined): Answer<Placement> {
    const value = this.world.lports.get(carrier);
    if (value === undefined) return waiting('lport', carrier, `waits for lport ${carrier}`);
    const place = placeByClaim(this.world, carrier, value);
    if (place.no !== undefined) return place;
    if ('here' in place.ok) return { ok: { at: 'here', ofport: place.ok.here, tag } };
    const port = this.portAnswer(ref);
    if (port.no !== undefined) return port;
    if ('chassis' in place.ok) return this.#chassisPlace(placeName(place.ok.chassis, port.ok.network.ref));
    const endpoint = vtepEndpoint(this.world, port.ok, value);
    const asked = tunnelOptions(value);
    const granted = endpoint.ok === undefined ? undefined : this.tunnelOptions(senderName(endpoint.ok));
    if (asked !== undefined && granted !== undefined && !sameJson(asked, granted))
      return degraded('binding', asked, `the tunnel to its VTEP has ${JSON.stringify(granted)} for another device`);
    const vni = endpoint.ok?.vni;
    const isTaken = vni !== undefined && vni !== port.ok.network.vni && this.networksOfVni.has(vni);
    if (isTaken) return refused('binding.vni', vni, 'is the VNI of another network');
    return endpoint.no !== undefined ? endpoint : { ok: behind(endpoint.ok, false) };
  }

  #segmentOfChild(ref: Ref): Answer<Segment> | undefined {
    const [first] = this.segmentsOfChild(ref);
    return first === undefined ? undefined : this.segmentAnswer(first);
  }
}
