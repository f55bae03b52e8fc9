// A switch that only listens: it answers ovs-ofctl so far that ovs-ofctl says what it came to say, and records it.
import { createServer, type Server, type Socket } from 'node:net';
import { decode, encode, Framer, hexOf, type Message } from '../src/ofp/index.js';

const firstAskedFor = new Set(['hello', 'echo_request', 'barrier_request']);

function answer(message: Message): Message | undefined {
  switch (message.type) {
    case 'echo_request':
      return { type: 'echo_reply', data: message.data };
    case 'barrier_request':
      return { type: 'barrier_reply' };
    case 'features_request':
      return { type: 'features_reply', datapathId: 1n, nBuffers: 0, nTables: 254, auxiliaryId: 0, capabilities: 0x4f };
    case 'get_config_request':
      return { type: 'get_config_reply', flags: 0, missSendLen: 0xffff };
    case 'bundle_control':
      return controlReply(message);
    case 'multipart_request':
      return multipartAnswer(message);
    default:
      return undefined;
  }
}

function controlReply(request: Extract<Message, { type: 'bundle_control' }>): Message {
  const replies = {
    open_request: 'open_reply',
    close_request: 'close_reply',
    commit_request: 'commit_reply',
    discard_request: 'discard_reply',
  } as const;
  const ctrl = request.ctrl in replies ? replies[request.ctrl as keyof typeof replies] : request.ctrl;
  return { ...request, ctrl };
}

function multipartAnswer(request: Extract<Message, { type: 'multipart_request' }>): Message | undefined {
  switch (request.kind) {
    case 'flow':
    case 'group_desc':
    case 'group':
    case 'meter':
    case 'meter_config':
    case 'table':
    case 'port_stats':
    case 'queue':
      return { type: 'multipart_reply', kind: request.kind, more: false, entries: [] };
    case 'port_desc': {
      const speed = { curr: 0, advertised: 0, supported: 0, peer: 0, currSpeed: 0, maxSpeed: 0 };
      const port = { portNo: 1, hwAddr: 1, name: 'p1', config: 0, state: 0, ...speed };
      return { type: 'multipart_reply', kind: 'port_desc', more: false, entries: [port] };
    }
    default:
      return undefined;
  }
}

function serve(socket: Socket, record: (frame: Uint8Array) => void): void {
  const framer = new Framer();
  socket.on('error', () => socket.destroy());
  socket.write(encode({ type: 'hello', versions: [4] }, 1));
  socket.on('data', (chunk) => {
    for (const frame of framer.push(chunk)) {
      const { xid, message } = decode(frame);
      if (!firstAskedFor.has(message.type)) record(frame);
      const reply = answer(message);
      if (reply) socket.write(encode(reply, xid));
    }
  });
}

/** Listens on a unix socket; `taken` gives the frames recorded since the last call, as hex. */
export async function recordingSwitch(path: string): Promise<{ readonly server: Server; taken: () => string[] }> {
  let frames: string[] = [];
  const server = createServer((socket) => {
    serve(socket, (frame) => frames.push(hexOf(frame)));
  });
  await new Promise<void>((resolve) => server.listen(path, resolve));
  return {
    server,
    taken: () => {
      const result = frames;
      frames = [];
      return result;
    },
  };
}
