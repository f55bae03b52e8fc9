// A sink that keeps what it was told as text, one line per call and as the present state.
import type { NorthboundSink } from '../../src/sync/sink.js';

/** What was told, and what is true after it. */
export class Recorder implements NorthboundSink {
  readonly told: string[] = [];
  readonly objects = new Map<string, unknown>();
  readonly revisions = new Map<string, number>();
  readonly numbers = new Map<string, number>();
  readonly claims = new Map<string, string>();
  readonly addresses = new Map<string, readonly string[]>();
  readonly settledTenants = new Set<string>();
  readonly heldTenants = new Map<string, { reason: string; gone: number; changed: number }>();
  readonly unreadableTenants = new Map<string, string>();

  readonly object: NorthboundSink['object'] = ({ kind, ref, value, revision }) => {
    this.told.push(`object ${kind} ${ref}`);
    this.objects.set(`${kind} ${ref}`, value);
    this.revisions.set(`${kind} ${ref}`, revision);
  };
  readonly gone: NorthboundSink['gone'] = (kind, ref) => {
    this.told.push(`gone ${kind} ${ref}`);
    this.objects.delete(`${kind} ${ref}`);
  };
  readonly refused: NorthboundSink['refused'] = (kind, ref, _revision, error) => {
    this.told.push(`refused ${error.message}`);
    this.objects.delete(`${kind} ${ref}`);
  };
  readonly stray: NorthboundSink['stray'] = (_tenant, key, reason) => {
    this.told.push(`stray ${key} ${reason ?? 'gone'}`);
  };
  readonly allocated: NorthboundSink['allocated'] = (space, ref, number) => {
    this.told.push(`allocated ${space} ${ref} ${number ?? 'none'}`);
    if (number === undefined) this.numbers.delete(`${space} ${ref}`);
    else this.numbers.set(`${space} ${ref}`, number);
  };
  readonly addressed: NorthboundSink['addressed'] = (port, addresses, lswitch) => {
    this.told.push(`addressed ${port} ${addresses.join()} on ${lswitch}`);
    this.addresses.set(port, addresses);
  };
  readonly claimed: NorthboundSink['claimed'] = (port, chassis) => {
    this.told.push(`claimed ${port} ${chassis ?? 'nobody'}`);
    if (chassis === undefined) this.claims.delete(port);
    else this.claims.set(port, chassis);
  };
  readonly settled: NorthboundSink['settled'] = (tenant) => {
    this.told.push(`settled ${tenant}`);
    this.settledTenants.add(tenant);
  };
  readonly withheld: NorthboundSink['withheld'] = (tenant, revision) => {
    this.told.push(`withheld ${tenant} ${revision ?? 'nothing'}`);
  };
  readonly held: NorthboundSink['held'] = (tenant, reason, what) => {
    this.told.push(`held ${tenant} ${what.gone} gone`);
    this.heldTenants.set(tenant, { reason, ...what });
  };
  readonly released: NorthboundSink['released'] = (tenant) => {
    this.told.push(`released ${tenant}`);
    this.heldTenants.delete(tenant);
  };
  readonly unreadable: NorthboundSink['unreadable'] = (tenant, reason) => {
    if (reason === undefined) this.unreadableTenants.delete(tenant);
    else this.unreadableTenants.set(tenant, reason);
  };
}
