// Everything that one chassis has been told, and nothing that it concluded: the inputs of the view.
import { Graph } from './incremental.js';
import type { Input } from './input.js';
import { byteOrder, type OfPort, type Ref } from './ids.js';
import {
  type ChassisValue,
  type ChildPortSegmentation,
  type Kind,
  type LPort,
  type LSwitch,
  type Subnet,
  type TunnelType,
} from './kinds.js';
import { type AnyObject } from './parse.js';

/** What the chassis itself is: from configuration and Open_vSwitch. */
export interface Settings {
  readonly chassis: string;
  /** Our own tunnel endpoints, at most one of each family, in canonical spelling. */
  readonly encapIps: readonly string[];
  readonly encapTypes: readonly TunnelType[];
  /** A tunnel port per remote endpoint, or one `remote_ip=flow` port per type. */
  readonly tunnelMode: 'per-remote' | 'flow';
  /** The largest IP packet, in bytes, that the underlay carries from here to the other ends of tunnels. */
  readonly underlayMtu: number;
}

/** An interface on the bridge that carries an lport's iface-id. */
export interface LocalBinding {
  readonly interface: string;
  /** undefined until OVS has given it a number. */
  readonly ofport: OfPort | undefined;
  /** What OVS says is wrong with the interface. */
  readonly error?: string;
}

/** A tunnel port of ours on the bridge. */
export interface TunnelState {
  readonly ofport: OfPort | undefined;
  readonly error?: string;
}

/** The addresses that an lport which asked for `auto` got, and the network of which they are. */
export interface Allotted {
  readonly lswitch: Ref;
  readonly ips: readonly string[];
}

/** The name under which a number was allocated: the space and the object. */
export const numberName = (space: string, ref: Ref): string => `${space} ${ref}`;

const sameJson = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);

const sameBinding = (a: LocalBinding, b: LocalBinding): boolean =>
  a.interface === b.interface && a.ofport === b.ofport && a.error === b.error;

/** The inputs of one chassis. Every method says what is now so; nothing here decides anything. */
export class World {
  readonly graph = new Graph();
  readonly chassis = this.graph.input<Ref, ChassisValue>(sameJson);
  readonly lswitches = this.graph.input<Ref, LSwitch>(sameJson);
  readonly subnets = this.graph.input<Ref, Subnet>(sameJson);
  readonly lports = this.graph.input<Ref, LPort>(sameJson);
  readonly children = this.graph.input<Ref, ChildPortSegmentation>(sameJson);
  /** Allocated numbers, by `numberName`: unique keys of lports and lswitches, VNIs. */
  readonly numbers = this.graph.input<string, number>();
  /** Addresses allocated to lports that asked for `ips: auto`. */
  readonly addresses = this.graph.input<Ref, Allotted>(sameJson);
  /** The tenants of which everything that the northbound holds has been told. */
  readonly settled = this.graph.input<string, true>();
  /** The chassis that has claimed an lport. */
  readonly claims = this.graph.input<Ref, string>();
  /** The lports whose interface is on this bridge. */
  readonly bindings = this.graph.input<Ref, LocalBinding>(sameBinding);
  /** Our tunnel ports by their key: `vxlan`, or `vxlan/192.0.2.9`. */
  readonly tunnels = this.graph.input<string, TunnelState>(sameJson);
  readonly settings = this.graph.input<'self', Settings>(sameJson);
  readonly #revisions: Readonly<Record<Kind, Map<Ref, number>>> = {
    chassis: new Map(),
    lswitch: new Map(),
    subnet: new Map(),
    lport: new Map(),
    child_port_segmentation: new Map(),
  };

  /** The northbound revision of an object that is here, or of which we know that it cannot be read. */
  revision(kind: Kind, ref: Ref): number | undefined {
    return this.#revisions[kind].get(ref);
  }

  /** An object is now as given. */
  put(object: AnyObject): void {
    this.#revisions[object.kind].set(object.ref, object.revision);
    switch (object.kind) {
      case 'chassis':
        this.chassis.set(object.ref, object.value);
        break;
      case 'lswitch':
        this.lswitches.set(object.ref, object.value);
        break;
      case 'subnet':
        this.subnets.set(object.ref, object.value);
        break;
      case 'lport':
        this.lports.set(object.ref, object.value);
        break;
      case 'child_port_segmentation':
        this.children.set(object.ref, object.value);
        break;
    }
  }

  /** An object is not, or no longer. */
  remove(kind: Kind, ref: Ref): void {
    this.#revisions[kind].delete(ref);
    this.inputOf(kind).set(ref, undefined);
  }

  /** What there is of an object cannot be read; it counts as absent. */
  refuse(kind: Kind, ref: Ref, revision: number): void {
    this.inputOf(kind).set(ref, undefined);
    this.#revisions[kind].set(ref, revision);
  }

  /** The references of all objects of a kind, in byte order. */
  refs(kind: Kind): Ref[] {
    return [...this.inputOf(kind).members()].sort(byteOrder);
  }

  private inputOf(kind: Kind): Pick<Input<Ref, never>, 'members'> & { set(ref: Ref, value: undefined): void } {
    switch (kind) {
      case 'chassis':
        return this.chassis;
      case 'lswitch':
        return this.lswitches;
      case 'subnet':
        return this.subnets;
      case 'lport':
        return this.lports;
      case 'child_port_segmentation':
        return this.children;
    }
  }
}
