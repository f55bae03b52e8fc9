// Multipart messages in parts: put together whatever comes between, and bounded whoever sends them.
import t from 'tap';
import { decode, DecodeError, encode, isMultipart, PartSequence, Reassembler } from '../../src/ofp/index.js';
import { bytesOf, dumps } from './vectors.js';

const flowFrames = dumps('ovs-vswitchd-flows').map(({ frame }) => bytesOf(frame));
const groupFrames = dumps('ovs-vswitchd-groups').map(({ frame }) => bytesOf(frame));

/** A frame of ovs-vswitchd as a part under `xid`. */
function part(frame: Uint8Array | undefined, xid: number, more: boolean): Uint8Array {
  const copy = (frame ?? new Uint8Array()).slice();
  const view = new DataView(copy.buffer);
  view.setUint32(4, xid);
  view.setUint16(10, more ? 1 : 0);
  return copy;
}

const entriesOf = (frame: Uint8Array | undefined): readonly unknown[] => {
  const { message } = decode(frame ?? new Uint8Array());
  return 'entries' in message ? message.entries : [];
};

void t.test('the entries of all parts follow each other, whatever comes between', (t) => {
  const reassembler = new Reassembler();
  const chosen = flowFrames.slice(0, 3);
  t.equal(reassembler.push(part(chosen[0], 7, true)), undefined);
  t.equal(reassembler.push(part(groupFrames[0], 8, true)), undefined);
  t.equal(reassembler.push(part(chosen[1], 7, true)), undefined);
  t.same(reassembler.push(part(groupFrames[1], 8, false)), {
    xid: 8,
    message: {
      type: 'multipart_reply',
      kind: 'group_desc',
      more: false,
      entries: groupFrames.slice(0, 2).flatMap(entriesOf),
    },
  });
  t.equal(reassembler.open, 1);
  t.same(reassembler.push(part(chosen[2], 7, false)), {
    xid: 7,
    message: { type: 'multipart_reply', kind: 'flow', more: false, entries: chosen.flatMap(entriesOf) },
  });
  t.equal(reassembler.open, 0);
  t.end();
});

void t.test('parts that are missing are held as copies: what came may be written over', (t) => {
  const reassembler = new Reassembler();
  const first = part(flowFrames[0], 1, true);
  reassembler.push(first);
  first.fill(0xff);
  t.same(reassembler.push(part(flowFrames[1], 1, false))?.message, {
    type: 'multipart_reply',
    kind: 'flow',
    more: false,
    entries: flowFrames.slice(0, 2).flatMap(entriesOf),
  });
  t.end();
});

void t.test('a part of another kind is refused, and its message forgotten', (t) => {
  const reassembler = new Reassembler();
  reassembler.push(part(flowFrames[0], 1, true));
  t.throws(() => reassembler.push(part(groupFrames[0], 1, false)), { message: /kind 7 .* kind 1/ });
  t.equal(reassembler.open, 0);
  t.end();
});

void t.test('experimenters are told apart by their id and type', (t) => {
  const reply = (expType: number) =>
    encode(
      { type: 'multipart_reply', kind: 'experimenter', experimenter: 5, expType, more: true, data: new Uint8Array(8) },
      1,
    );
  const sequence = new PartSequence(1000);
  t.notOk(sequence.take(reply(1)));
  t.notOk(sequence.take(reply(1)));
  t.throws(() => sequence.take(reply(2)), { message: /a part of .* among parts of/ });
  t.end();
});

void t.test('a sequence knows from the request what its reply is', (t) => {
  const request = encode({ type: 'multipart_request', kind: 'group_desc' }, 1);
  t.ok(new PartSequence(10_000, request).take(part(groupFrames[0], 1, false)));
  t.throws(() => new PartSequence(10_000, request).take(part(flowFrames[0], 1, false)), {
    message: /a part of .* among parts of/,
  });
  t.end();
});

void t.test('parts without end are refused at the limit, however small they are', (t) => {
  const empty = encode({ type: 'multipart_reply', kind: 'flow', more: true, entries: [] }, 1);
  const reassembler = new Reassembler({ sizeLimit: 100_000 });
  let pushed = 0;
  t.throws(
    () => {
      for (;;) {
        reassembler.push(empty);
        pushed++;
      }
    },
    { name: 'ReassemblyError', message: /more than 100000 bytes/ },
  );
  t.equal(pushed, Math.floor(100_000 / (empty.length + 128)));
  t.equal(reassembler.open, 0);
  t.end();
});

void t.test('messages begun and never ended are limited, and can be dropped', (t) => {
  const reassembler = new Reassembler({ openLimit: 2 });
  reassembler.push(part(flowFrames[0], 1, true));
  reassembler.push(part(flowFrames[0], 2, true));
  t.throws(() => reassembler.push(part(flowFrames[0], 3, true)), { message: /more than 2 multipart messages begun/ });
  reassembler.drop(1);
  t.equal(reassembler.push(part(flowFrames[0], 3, true)), undefined);
  t.ok(reassembler.push(part(flowFrames[1], 4, false)), 'what comes in one part needs no room');
  t.end();
});

void t.test('what is no multipart message is no part', (t) => {
  const barrier = encode({ type: 'barrier_request' }, 1);
  t.notOk(isMultipart(barrier));
  t.notOk(isMultipart(bytesOf('0413000c0000000100010000')), 'cut short');
  t.throws(() => new Reassembler().push(barrier), DecodeError);
  t.end();
});
