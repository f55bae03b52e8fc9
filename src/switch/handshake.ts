// From a fresh connection to a known datapath. A pure machine: messages and time go in, messages to send and an outcome
// come out.
//
//     hello ──HELLO──> features ──FEATURES_REPLY, GET_CONFIG_REPLY──> ports ──PORT_DESC, DESC──> done
//
// SET_CONFIG goes out before PORT_DESC is asked for: on `<bridge>.mgmt` nothing asynchronous comes before it, and a
// port that changes after the description must be heard of.
import { openFlow13, type FeaturesReply, type Message, type PortDesc } from '../ofp/index.js';
import { SessionError, type SessionState } from './errors.js';

/** How long all of it may take, from the connection on. */
export const handshakeMs = 5000;
/** More ports than OpenFlow has port numbers for a bridge of Open vSwitch. */
export const portLimit = 0xffff;

/** What the switch says of itself (OFPMP_DESC). */
export interface Description {
  readonly manufacturer: string;
  readonly hardware: string;
  readonly software: string;
  readonly serial: string;
  readonly datapath: string;
}

/** What a finished handshake knows. */
export interface Introduction {
  readonly features: FeaturesReply;
  readonly description: Description;
  readonly ports: ReadonlyMap<number, PortDesc>;
}

/** A message to send, under its xid. */
export interface Outgoing {
  readonly xid: number;
  readonly message: Message;
}

/** Where a handshake is. */
export interface Handshake {
  readonly state: SessionState & ('hello' | 'features' | 'ports');
  readonly startedMs: number;
  readonly features?: FeaturesReply;
  /** The flags of the switch's configuration: its treatment of fragments, which is left as it is. */
  readonly configFlags?: number;
  readonly description?: Description;
  readonly portsComplete: boolean;
  readonly ports: ReadonlyMap<number, PortDesc>;
}

/** What a step leads to: a new state, messages to send, and at the end an introduction or an error. */
export interface HandshakeStep {
  readonly handshake: Handshake;
  readonly send: readonly Outgoing[];
  readonly introduction?: Introduction;
  readonly failure?: SessionError;
}

/** Replies are recognized by xid; the session counts on from `firstSessionXid`. */
const xids = { hello: 1, features: 2, getConfig: 3, setConfig: 4, portDesc: 5, desc: 6 } as const;
/** The first xid that a session may use after the handshake. */
export const firstSessionXid = 0x100;

/** A connection was made: says HELLO. */
export function handshakeStart(nowMs: number): HandshakeStep {
  const handshake: Handshake = { state: 'hello', startedMs: nowMs, portsComplete: false, ports: new Map() };
  return { handshake, send: [{ xid: xids.hello, message: { type: 'hello', versions: [openFlow13] } }] };
}

/** Time passed. */
export function handshakeTick(handshake: Handshake, nowMs: number): HandshakeStep {
  if (nowMs - handshake.startedMs < handshakeMs) return { handshake, send: [] };
  return fail(handshake, 'handshake_timeout', `no ${awaited(handshake)} within ${handshakeMs} ms of the connection`);
}

/** A message came; `version` is the version byte of its header. */
export function handshakeMessage(handshake: Handshake, xid: number, message: Message, version: number): HandshakeStep {
  if (handshake.state === 'hello') return awaitHello(handshake, message, version);
  if (message.type === 'echo_request') {
    return { handshake, send: [{ xid, message: { type: 'echo_reply', data: message.data } }] };
  }
  if (message.type === 'error') return refused(handshake, xid, message);
  if (message.type === 'port_status')
    return { handshake: { ...handshake, ports: changed(handshake.ports, message) }, send: [] };
  return handshake.state === 'features' ? awaitFeatures(handshake, message) : awaitPorts(handshake, xid, message);
}

/** The first frame could not even be read. */
export function handshakeUnreadable(handshake: Handshake, reason: string): HandshakeStep {
  return failHello(handshake, 'hello_failed', `no HELLO came first: ${reason}`);
}

function changed(
  ports: ReadonlyMap<number, PortDesc>,
  status: { readonly reason: 'add' | 'delete' | 'modify'; readonly port: PortDesc },
): ReadonlyMap<number, PortDesc> {
  const next = new Map(ports);
  if (status.reason === 'delete') next.delete(status.port.portNo);
  else next.set(status.port.portNo, status.port);
  return next;
}

function awaitHello(handshake: Handshake, message: Message, version: number): HandshakeStep {
  if (message.type === 'error') {
    return fail(handshake, 'hello_failed', `the switch refused our HELLO: ${quoted(message.data)}`);
  }
  if (message.type !== 'hello') {
    return failHello(handshake, 'hello_failed', `${message.type} came before HELLO`);
  }
  // Without a bitmap the lower of the two header versions is meant, so a later version agrees to ours (OpenFlow 1.3.5, 6.3.1).
  const agreed = message.versions.includes(openFlow13) || (message.versions.length <= 1 && version > openFlow13);
  if (!agreed) {
    const theirs = (message.versions.length === 0 ? [version] : message.versions).map(versionName).join(', ');
    return failHello(handshake, 'version', `the switch speaks OpenFlow ${theirs}, this controller speaks 1.3 only`);
  }
  return {
    handshake: { ...handshake, state: 'features' },
    send: [
      { xid: xids.features, message: { type: 'features_request' } },
      { xid: xids.getConfig, message: { type: 'get_config_request' } },
    ],
  };
}

function awaitFeatures(handshake: Handshake, message: Message): HandshakeStep {
  let next = handshake;
  if (message.type === 'features_reply') {
    if (message.auxiliaryId !== 0) {
      return fail(
        handshake,
        'auxiliary',
        `auxiliary connection ${message.auxiliaryId}: only main connections are served`,
      );
    }
    next = { ...next, features: message };
  }
  if (message.type === 'get_config_reply') next = { ...next, configFlags: message.flags };
  if (next.features === undefined || next.configFlags === undefined) return { handshake: next, send: [] };
  return {
    handshake: { ...next, state: 'ports' },
    send: [
      { xid: xids.setConfig, message: { type: 'set_config', flags: next.configFlags, missSendLen: 0xffff } },
      { xid: xids.portDesc, message: { type: 'multipart_request', kind: 'port_desc' } },
      { xid: xids.desc, message: { type: 'multipart_request', kind: 'desc' } },
    ],
  };
}

function awaitPorts(handshake: Handshake, xid: number, message: Message): HandshakeStep {
  if (message.type !== 'multipart_reply') return { handshake, send: [] };
  let next = handshake;
  if (message.kind === 'desc' && xid === xids.desc) {
    const { manufacturer, hardware, software, serial, datapath } = message;
    next = { ...next, description: { manufacturer, hardware, software, serial, datapath } };
  }
  if (message.kind === 'port_desc' && xid === xids.portDesc) {
    const ports = new Map(next.ports);
    for (const port of message.entries) ports.set(port.portNo, port);
    if (ports.size > portLimit) return fail(handshake, 'reply_size', `more than ${portLimit} ports described`);
    next = { ...next, ports, portsComplete: !message.more };
  }
  const { features, description, ports, portsComplete } = next;
  if (features === undefined || description === undefined || !portsComplete) return { handshake: next, send: [] };
  return { handshake: next, send: [], introduction: { features, description, ports } };
}

function refused(handshake: Handshake, xid: number, error: Message & { type: 'error' }): HandshakeStep {
  const request = Object.entries(xids).find(([, own]) => own === xid)?.[0];
  if (request === undefined) return { handshake, send: [] };
  return fail(
    handshake,
    'handshake_refused',
    `the switch answered ${request} with error type ${error.errorType} code ${error.code}`,
  );
}

function failHello(handshake: Handshake, code: 'hello_failed' | 'version', reason: string): HandshakeStep {
  const data = new TextEncoder().encode(reason);
  // OFPET_HELLO_FAILED, OFPHFC_INCOMPATIBLE; the data is the sentence (OpenFlow 1.3.5, 6.3.1).
  const send: Outgoing[] = [{ xid: xids.hello, message: { type: 'error', errorType: 0, code: 0, data } }];
  return { handshake, send, failure: new SessionError(code, handshake.state, reason) };
}

function fail(
  handshake: Handshake,
  code: 'hello_failed' | 'handshake_timeout' | 'handshake_refused' | 'auxiliary' | 'reply_size',
  reason: string,
): HandshakeStep {
  return { handshake, send: [], failure: new SessionError(code, handshake.state, reason) };
}

function awaited(handshake: Handshake): string {
  switch (handshake.state) {
    case 'hello':
      return 'HELLO';
    case 'features':
      return handshake.features === undefined ? 'FEATURES_REPLY' : 'GET_CONFIG_REPLY';
    case 'ports':
      return handshake.portsComplete ? 'DESC reply' : 'PORT_DESC reply';
  }
}

function versionName(version: number): string {
  return version >= 1 ? `1.${version - 1}` : `version ${version}`;
}

/** The peer's words, printable and short. */
function quoted(data: Uint8Array): string {
  return new TextDecoder('latin1').decode(data.subarray(0, 200)).replace(/[^ -~]/g, '.');
}
