// One connection that finished its handshake: the datapath's identity, its ports as they change, requests and their
// replies, what comes unasked, and its end.
import {
  DecodeError,
  encode,
  FlowCursor,
  PartSequence,
  ReassemblyError,
  reservedPort,
  type FeaturesReply,
  type FlowSelection,
  type Message,
  type MultipartRequest,
  type PacketIn,
  type PacketOut,
  type PortDesc,
  type RawFlowStats,
} from '../ofp/index.js';
import type { Channel, ChannelEnd } from './channel.js';
import { flowRequest, rawGroups, type RawGroup } from './dump.js';
import { SessionError, type SessionCode, type SwitchError } from './errors.js';
import { firstSessionXid, type Description, type Introduction } from './handshake.js';
import { read, xidOf, type Intake } from './intake.js';
import { defaultKeepalive, keepaliveHeard, keepaliveStalled, keepaliveStart, keepaliveTick } from './keepalive.js';
import { Requests, type Claim } from './requests.js';
import type { RollCall } from './roll-call.js';
import type { Signal } from './signal.js';
import { Unasked, type PortChange } from './unasked.js';

/** What a session counts; the numbers only grow. */
export interface SessionCounters {
  /** Frames with another version byte, of an unknown type, with a body that does not nest. */
  badVersion: number;
  badType: number;
  badBody: number;
  /** Errors of the switch that no request or commit had asked for. */
  unclaimedErrors: number;
  /** Messages not sent because the switch does not take what it already has. */
  dropped: number;
}

/** Above this many unsent bytes `send` drops: a packet_out that late is worth nothing. */
export const sendLimitSize = 1 << 18;
/** After this many frames that could not be read the connection ends. */
export const badFrameLimit = 1000;
/** A switch that answers later than this, in ms, is behind: as long as Open vSwitch keeps a bundle to which nothing is added. */
export const behindMs = 10_000;
/** A dump larger than this is not a dump of a bridge that we could have filled. */
export const dumpLimitSize = 1 << 30;

const multipartReplyType = 19;
const noData = new Uint8Array(0);
const counterOf = { version: 'badVersion', type: 'badType', body: 'badBody' } as const;

/** One datapath, connected. It ends with its connection and does not come back. */
export class Session {
  readonly peer: string;
  readonly datapathId: bigint;
  /** The name of its local port: in Open vSwitch that of the bridge, or its first 15 characters. */
  readonly bridge: string | undefined;
  readonly features: FeaturesReply;
  readonly description: Description;
  readonly counters: SessionCounters = { badVersion: 0, badType: 0, badBody: 0, unclaimedErrors: 0, dropped: 0 };
  /** Settles when the connection is over; never rejects. */
  readonly closed: Promise<SessionError>;
  /** Monotonic time in ms. */
  readonly nowMs: () => number;
  readonly #channel: Channel;
  readonly #requests = new Requests(firstSessionXid);
  readonly #unasked: Unasked;
  /** Listens to changes of ports, after `ports` has them; returns the way to stop. */
  readonly onPorts: Signal<PortChange>['on'];
  /** Listens to packets that the switch sends up. */
  readonly onPacketIn: Signal<PacketIn>['on'];
  /** Listens to errors that belong to no request and no commit, such as those of a packet_out. */
  readonly onError: Signal<SwitchError>['on'];
  /** Listens to everything else that comes unasked: flow_removed, flow monitor updates, role changes. */
  readonly onMessage: Signal<Message>['on'];
  /** Listens to the random numbers of markers (see marker.ts), as hex. */
  readonly onMarker: Signal<string>['on'];
  /** Listens to what the bridge's controllers ask and tell each other (see roll-call.ts), our own words included. */
  readonly onRollCall: Signal<RollCall>['on'];
  readonly #settleClosed: (error: SessionError) => void;
  #keepalive;
  #end: SessionError | undefined;
  #isBehind = false;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(channel: Channel, introduction: Introduction, nowMs: () => number) {
    this.#channel = channel;
    this.peer = channel.peer;
    this.features = introduction.features;
    this.datapathId = introduction.features.datapathId;
    this.bridge = introduction.ports.get(reservedPort.local)?.name;
    this.description = introduction.description;
    this.#unasked = new Unasked(introduction.ports);
    this.onPorts = this.#unasked.portChanges.on;
    this.onPacketIn = this.#unasked.packetIns.on;
    this.onError = this.#unasked.errors.on;
    this.onMessage = this.#unasked.others.on;
    this.onMarker = this.#unasked.markers.on;
    this.onRollCall = this.#unasked.rollCalls.on;
    this.nowMs = nowMs;
    this.#keepalive = keepaliveStart(nowMs());
    let settle: (error: SessionError) => void = () => undefined;
    this.closed = new Promise((resolve) => {
      settle = resolve;
    });
    this.#settleClosed = settle;
  }

  /** The ports that the bridge has now, by number. */
  get ports(): ReadonlyMap<number, PortDesc> {
    return this.#unasked.ports;
  }

  /** Why the session is over; undefined while it is not. */
  get ended(): SessionError | undefined {
    return this.#end;
  }

  /** Whether the switch lives, and was asked something more than `behindMs` ago that it has not come to yet. */
  get isBehind(): boolean {
    return this.#isBehind;
  }

  /** Sends a message that has no reply; false when it was dropped because the switch does not read. */
  send(message: PacketOut | Message): boolean {
    if (this.#end || this.#channel.unsentSize > sendLimitSize) {
      this.counters.dropped += 1;
      return false;
    }
    this.#channel.write(encode(message, this.#requests.take(1)));
    return true;
  }

  /** Sends a request and waits for its one reply; rejects with SwitchError or SessionError. */
  async request(message: Exclude<Message, MultipartRequest>): Promise<Message> {
    this.#assertOpen();
    const xid = this.#requests.take(1);
    this.#channel.write(encode(message, xid));
    return this.#requests.reply(xid, message.type, this.nowMs());
  }

  /** Everything sent before is done when this resolves. */
  async barrier(): Promise<void> {
    await this.request({ type: 'barrier_request' });
  }

  /** One ECHO there and back; resolves when the switch has read everything sent before. */
  async echo(): Promise<void> {
    await this.request({ type: 'echo_request', data: noData });
  }

  /** Sends a multipart request and hands over the reply's frames as they come; rejects with SwitchError or SessionError. */
  async multipart(request: MultipartRequest, part: (frame: Uint8Array) => void): Promise<void> {
    this.#assertOpen();
    const xid = this.#requests.take(1);
    const asked = encode(request, xid);
    this.#channel.write(asked);
    const parts = new PartSequence(dumpLimitSize, asked);
    await this.#requests.parts(xid, `multipart ${request.kind}`, this.nowMs(), (frame) => {
      const isLast = parts.take(frame);
      part(frame);
      return isLast;
    });
  }

  /** Hands over the flows that the switch holds, all or those selected, as they come and without decoding them. */
  async eachFlow(take: (flow: FlowCursor) => void, selection: Partial<FlowSelection> = {}): Promise<void> {
    await this.multipart(flowRequest(selection), (frame) => {
      const flow = new FlowCursor(frame);
      while (flow.next()) take(flow);
    });
  }

  /** The flows that the switch holds, all or those selected, without decoding them. */
  async flows(selection: Partial<FlowSelection> = {}): Promise<RawFlowStats[]> {
    const flows: RawFlowStats[] = [];
    await this.eachFlow((flow) => flows.push(flow.flow()), selection);
    return flows;
  }

  /** The groups that the switch holds, without decoding their buckets. */
  async groups(): Promise<RawGroup[]> {
    const groups: RawGroup[] = [];
    await this.multipart({ type: 'multipart_request', kind: 'group_desc' }, (frame) => {
      for (const group of rawGroups(frame)) groups.push(group);
    });
    return groups;
  }

  /** Runs one piece of work after all that was given before has settled: commits must not overtake each other. */
  inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    const turn = this.#turn.then(work);
    this.#turn = turn.catch(() => undefined);
    return turn;
  }

  /** Takes `length` xids in a row and routes what answers to them to `answered`, until `release` is called. */
  claim(length: number, answered: Claim['answered']): { readonly firstXid: number; release(): void } {
    const firstXid = this.#requests.take(length);
    return { firstXid, release: this.#requests.claim({ firstXid, length, answered }) };
  }

  /** Writes messages that are already encoded, in one piece. The bytes must not change afterwards. */
  write(frames: Uint8Array): void {
    this.#channel.write(frames);
  }

  /** Bytes that are on their way and not yet taken by the operating system. */
  get unsentSize(): number {
    return this.#channel.unsentSize;
  }

  /** Says whether the switch is known to be mute because its ovsdb-server is away; while it is, nothing here times out. */
  stalled(stalled: boolean): void {
    this.#keepalive = keepaliveStalled(this.#keepalive, stalled, this.nowMs());
    if (!stalled) this.#requests.restart(this.nowMs());
  }

  /** Ends the connection. */
  close(code: SessionCode, reason: string): void {
    this.#channel.close({ code, reason });
  }

  /** To be called about twice a second: probes, and ends what is overdue. */
  tick(): void {
    const nowMs = this.nowMs();
    const { keepalive, verdict } = keepaliveTick(this.#keepalive, nowMs, defaultKeepalive);
    const punctual = nowMs - this.#keepalive.tickedMs <= defaultKeepalive.pauseMs;
    this.#keepalive = keepalive;
    if (verdict === 'dead') {
      this.close('dead', `no byte from the switch for ${Math.round((nowMs - keepalive.heardMs) / 1000)} s`);
      return;
    }
    if (verdict === 'probe')
      this.#channel.write(encode({ type: 'echo_request', data: noData }, this.#requests.take(1)));
    const isJudged = punctual && !keepalive.stalled;
    const isAlive = nowMs - keepalive.heardMs < behindMs;
    this.#isBehind = isJudged && isAlive && this.#requests.waitedMs(nowMs) >= behindMs;
    const overdue = isJudged ? this.#requests.overdue(nowMs) : undefined;
    if (overdue !== undefined) this.close('request_timeout', `${overdue} was not answered in time`);
  }

  /** Bytes came; called by the connection. */
  heard(): void {
    this.#keepalive = keepaliveHeard(this.#keepalive, this.nowMs());
  }

  /** A frame came; called by the connection. */
  receive(frame: Uint8Array): void {
    const xid = xidOf(frame);
    try {
      if (frame[1] === multipartReplyType && this.#requests.takePart(xid, frame, this.nowMs())) return;
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
      // Its request fails; the connection is as good as its framing.
      const isTooLarge = error instanceof ReassemblyError && error.fault === 'size';
      this.#requests.fail(xid, this.#error(isTooLarge ? 'reply_size' : 'reply_garbled', error.message));
      return;
    }
    const intake = read(frame);
    if (intake.kind === 'bad') this.#refuse(intake, xid);
    else this.#accept(xid, intake.message);
  }

  /** The connection is over; called by the connection. */
  finish(end: ChannelEnd): void {
    const error = this.#error(end.code, end.reason);
    this.#end = error;
    this.#requests.failAll(error);
    this.#settleClosed(error);
  }

  #accept(xid: number, message: Message): void {
    if (message.type === 'echo_request') {
      this.#channel.write(encode({ type: 'echo_reply', data: message.data }, xid));
      return;
    }
    if (this.#unasked.takeEvent(message) || this.#requests.takeMessage(xid, message, this.nowMs())) return;
    if (message.type === 'error') this.counters.unclaimedErrors += 1;
    this.#unasked.takeStray(xid, message);
  }

  #refuse(bad: Intake & { kind: 'bad' }, xid: number): void {
    this.counters[counterOf[bad.fault]] += 1;
    const { badVersion, badType, badBody } = this.counters;
    if (badVersion + badType + badBody > badFrameLimit) {
      this.close('garbage', `${badFrameLimit} messages that could not be read; the last: ${bad.reason}`);
      return;
    }
    if (bad.answer) this.#channel.write(bad.answer);
    this.#requests.fail(xid, this.#error('reply_garbled', bad.reason));
  }

  #assertOpen(): void {
    if (this.#end) throw this.#end;
  }

  #error(code: SessionCode, reason: string): SessionError {
    return new SessionError(code, 'ready', `${this.peer}: ${reason}`);
  }
}
