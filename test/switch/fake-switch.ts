// A bridge that speaks OpenFlow 1.3 well enough to be served, and misbehaves on demand. Its answers to bundles are
// those of Open vSwitch 3.1: what it cannot read it refuses on the add, what it cannot do rolls the whole bundle back
// at the commit.
import { connect, createServer, type Server, type Socket } from 'node:net';
import { decode, encode, Framer, reservedPort, type Message, type PortDesc } from '../../src/ofp/index.js';
import type { Address } from '../../src/switch/address.js';
import { datapathPort, descReply, featuresReply } from './descriptions.js';

/** An error as its numbers. */
export interface Refused {
  readonly errorType: number;
  readonly code: number;
}

/** How a fake bridge misbehaves; all of it can be changed while it runs. */
export interface Faults {
  /** Flow cookies refused on the add, and at the commit. */
  onAdd: Map<bigint, Refused>;
  onCommit: Map<bigint, Refused>;
  /** The commit itself fails without naming a message when these cookies are in the bundle. */
  onCommitUnnamed: Set<bigint>;
  /** The connection is dropped when this many messages of a commit (open, adds, commit, barrier …) were received. */
  dropAfter: number | undefined;
  /** Messages of these types are read and not answered. */
  mute: Set<Message['type']>;
  /** Answers leave in pieces of this many bytes. */
  pieceSize: number | undefined;
  /** The error that the next OPEN gets instead of its reply. */
  onOpen: Refused | undefined;
}

const badMsgFailed: Refused = { errorType: 0xffff, code: 2313 };

/** A bridge with any number of connections to controllers. */
export class FakeBridge {
  readonly datapathId: bigint;
  readonly ports: PortDesc[];
  readonly faults: Faults = {
    onAdd: new Map(),
    onCommit: new Map(),
    onCommitUnnamed: new Set(),
    dropAfter: undefined,
    mute: new Set(),
    pieceSize: undefined,
    onOpen: undefined,
  };
  /** Cookies of the flow_mods that took effect, in order; and of each bundle that did. */
  readonly installed: bigint[] = [];
  readonly bundles: bigint[][] = [];
  /** How many messages came to be bundled. */
  added = 0;
  readonly connections = new Set<FakeConnection>();

  constructor(datapathId: bigint, local = 'br0') {
    this.datapathId = datapathId;
    this.ports = [datapathPort(1), datapathPort(reservedPort.local, local)];
  }

  /** Connects to a listening controller, over TCP from a local address if one is given. */
  async connect(address: Address, localAddress?: string): Promise<FakeConnection> {
    const from = localAddress === undefined ? {} : { localAddress };
    const socket = address.kind === 'tcp' ? connect({ ...address, ...from }) : connect(address.path);
    await new Promise((resolve, reject) => {
      socket.once('connect', resolve).once('error', reject);
    });
    return this.#adopt(socket);
  }

  /** Waits for a controller that dials, as `<bridge>.mgmt` does. */
  async listen(path: string): Promise<Server> {
    const server = createServer((socket) => this.#adopt(socket));
    await new Promise<void>((resolve) => server.listen(path, resolve));
    return server;
  }

  /** Tells all controllers that a port changed. */
  portStatus(reason: 'add' | 'delete' | 'modify', port: PortDesc): void {
    for (const connection of this.connections) connection.send({ type: 'port_status', reason, port }, 0);
  }

  #adopt(socket: Socket): FakeConnection {
    const connection = new FakeConnection(this, socket);
    this.connections.add(connection);
    void connection.closed.then(() => this.connections.delete(connection));
    return connection;
  }
}

/** One connection of a fake bridge. */
export class FakeConnection {
  readonly received: { readonly xid: number; readonly message: Message }[] = [];
  readonly closed: Promise<void>;
  readonly socket: Socket;
  readonly #bridge: FakeBridge;
  readonly #framer = new Framer();
  #bundle: { readonly xid: number; readonly cookie: bigint }[] = [];
  #committing = 0;
  #waiting: (() => void)[] = [];

  constructor(bridge: FakeBridge, socket: Socket) {
    this.#bridge = bridge;
    this.socket = socket;
    socket.setNoDelay(true); // as Open vSwitch does
    this.closed = new Promise((resolve) =>
      socket.once('close', () => {
        resolve();
      }),
    );
    socket.on('error', () => undefined); // a reset shows as `closed`
    socket.on('data', (chunk) => {
      for (const frame of this.#framer.push(chunk)) this.#take(decode(frame));
    });
  }

  /** Says HELLO, as a switch does first. */
  hello(): this {
    this.send({ type: 'hello', versions: [4] }, 1);
    return this;
  }

  send(message: Message, xid: number): void {
    this.sendBytes(encode(message, xid));
  }

  sendBytes(bytes: Uint8Array): void {
    const { pieceSize } = this.#bridge.faults;
    if (this.socket.destroyed) return;
    if (pieceSize === undefined) this.socket.write(bytes);
    else for (let at = 0; at < bytes.length; at += pieceSize) this.socket.write(bytes.subarray(at, at + pieceSize));
  }

  /** The first message of a type that was or will be received; rejects when the connection ends first. */
  async receives(type: Message['type'], skip = 0): Promise<Message> {
    for (;;) {
      const found = this.received.filter(({ message }) => message.type === type)[skip];
      if (found) return found.message;
      if (this.socket.destroyed) throw new Error(`the connection ended without ${type}`);
      await new Promise<void>((resolve) => {
        this.#waiting.push(resolve);
        void this.closed.then(resolve);
      });
    }
  }

  #take({ xid, message }: { xid: number; message: Message }): void {
    this.received.push({ xid, message });
    if (!this.#dropped(message) && !this.#bridge.faults.mute.has(message.type)) this.#answer(xid, message);
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const wake of waiting) wake();
  }

  #dropped(message: Message): boolean {
    const { dropAfter } = this.#bridge.faults;
    const ofCommit = ['bundle_control', 'bundle_add', 'barrier_request'].includes(message.type);
    if (dropAfter === undefined || !ofCommit) return false;
    this.#committing += 1;
    if (this.#committing >= dropAfter) this.socket.destroy();
    return this.#committing >= dropAfter;
  }

  #answer(xid: number, message: Message): void {
    switch (message.type) {
      case 'echo_request':
        this.send({ type: 'echo_reply', data: message.data }, xid);
        break;
      case 'features_request':
        this.send(featuresReply(this.#bridge.datapathId), xid);
        break;
      case 'get_config_request':
        this.send({ type: 'get_config_reply', flags: 0, missSendLen: 0 }, xid);
        break;
      case 'barrier_request':
        this.send({ type: 'barrier_reply' }, xid);
        break;
      case 'multipart_request':
        if (message.kind === 'desc') this.send(descReply, xid);
        if (message.kind === 'port_desc') this.#describePorts(xid);
        if (message.kind === 'flow')
          this.send({ type: 'multipart_reply', kind: 'flow', more: false, entries: [] }, xid);
        break;
      case 'packet_out':
        for (const { send } of [...this.#bridge.connections].map((c) => ({ send: c.send.bind(c) })))
          send(packetIn(message.data), 0);
        break;
      case 'bundle_control':
        this.#control(xid, message);
        break;
      case 'bundle_add':
        this.#add(xid, message.message);
        break;
      default:
    }
  }

  /** In two parts, as a bridge with many ports does. */
  #describePorts(xid: number): void {
    const [first, ...rest] = this.#bridge.ports;
    this.send({ type: 'multipart_reply', kind: 'port_desc', more: true, entries: first ? [first] : [] }, xid);
    this.send({ type: 'multipart_reply', kind: 'port_desc', more: false, entries: rest }, xid);
  }

  #control(xid: number, message: Message & { type: 'bundle_control' }): void {
    const { faults, installed } = this.#bridge;
    const { bundleId, flags } = message;
    if (message.ctrl === 'open_request') {
      this.#bundle = [];
      if (faults.onOpen) this.#error(xid, faults.onOpen);
      else this.send({ type: 'bundle_control', bundleId, ctrl: 'open_reply', flags }, xid);
      faults.onOpen = undefined;
    }
    if (message.ctrl !== 'commit_request') return;
    const failing = this.#bundle.find(({ cookie }) => faults.onCommit.has(cookie));
    const refused = failing && faults.onCommit.get(failing.cookie);
    if (failing && refused) this.#error(failing.xid, refused);
    if (failing || this.#bundle.some(({ cookie }) => faults.onCommitUnnamed.has(cookie))) {
      this.#error(xid, badMsgFailed);
      return;
    }
    const cookies = this.#bundle.map(({ cookie }) => cookie);
    installed.push(...cookies);
    this.#bridge.bundles.push(cookies);
    this.send({ type: 'bundle_control', bundleId, ctrl: 'commit_reply', flags }, xid);
  }

  #add(xid: number, message: Message): void {
    this.#bridge.added += 1;
    const cookie = message.type === 'flow_mod' ? message.cookie : -1n;
    const refused = this.#bridge.faults.onAdd.get(cookie);
    if (refused) this.#error(xid, refused);
    else this.#bundle.push({ xid, cookie });
  }

  #error(xid: number, { errorType, code }: Refused): void {
    const experimenter = errorType === 0xffff ? { experimenter: 0x4f4e_4600 } : {};
    this.send({ type: 'error', errorType, code, ...experimenter, data: new Uint8Array(0) }, xid);
  }
}

function packetIn(data: Uint8Array): Message {
  const match = { in_port: reservedPort.controller };
  return {
    type: 'packet_in',
    bufferId: 0xffff_ffff,
    totalLen: data.length,
    reason: 1,
    table: 0,
    cookie: 0n,
    match,
    data,
  };
}
