// Messages about groups: group_mod, and the buckets that group descriptions share with it.
import { readActions, writeActions } from './action-codec.js';
import type { Bucket } from './action-types.js';
import { reservedGroup, reservedPort } from './constants.js';
import { numberIn, type BodyCodec } from './message-codec.js';
import type { GroupMod } from './messages.js';
import type { GroupDesc } from './multipart-types.js';
import type { Reader } from './reader.js';
import type { GroupType } from './resource-types.js';
import { type Writer, written } from './writer.js';

const types: readonly GroupType[] = ['all', 'select', 'indirect', 'ff'];
const bucketHeaderSize = 16;
const addOrModify = 0x8000;
const commands: ReadonlyMap<number, GroupMod['command']> = new Map([
  [0, 'add'],
  [1, 'modify'],
  [2, 'delete'],
  [addOrModify, 'add_or_modify'],
]);
const commandNumbers = { add: 0, modify: 1, delete: 2, add_or_modify: addOrModify } as const;

function writeBucket(w: Writer, bucket: Bucket): void {
  const start = w.size;
  w.u16(0);
  w.u16(bucket.weight ?? 0);
  w.u32(bucket.watchPort ?? reservedPort.any);
  w.u32(bucket.watchGroup ?? reservedGroup.any);
  w.zeros(4);
  writeActions(w, bucket.actions);
  w.patchSize(start, start);
}

function writeBuckets(w: Writer, buckets: readonly Bucket[]): void {
  for (const bucket of buckets) writeBucket(w, bucket);
}

/** The bytes of a group's buckets. */
export function encodeBuckets(buckets: readonly Bucket[]): Uint8Array {
  return written((w) => {
    writeBuckets(w, buckets);
  });
}

function readBucket(r: Reader): Bucket {
  const size = r.peek16();
  if (size < bucketHeaderSize) throw r.error(`bucket length ${size}`);
  const body = r.sub(size, 'bucket');
  body.skip(2);
  const [weight, watchPort, watchGroup] = [body.u16(), body.u32(), body.u32()];
  body.skip(4);
  return {
    ...(weight !== 0 && { weight }),
    ...(watchPort !== reservedPort.any && { watchPort }),
    ...(watchGroup !== reservedGroup.any && { watchGroup }),
    actions: readActions(body),
  };
}

function readBuckets(r: Reader): Bucket[] {
  const buckets: Bucket[] = [];
  while (r.remaining > 0) buckets.push(readBucket(r));
  return buckets;
}

/** OFPT_GROUP_MOD. */
export const groupModCodec: BodyCodec<GroupMod> = {
  number: 15,
  write(w, message) {
    w.u16(commandNumbers[message.command]);
    w.u8(numberIn(types, message.groupType));
    w.u8(0);
    w.u32(message.groupId);
    writeBuckets(w, message.buckets);
  },
  read(r) {
    const command = commands.get(r.u16());
    const groupType = types[r.u8()];
    r.skip(1);
    const groupId = r.u32();
    const buckets = readBuckets(r);
    return command && groupType && { type: 'group_mod', command, groupType, groupId, buckets };
  },
};

/** Writes one entry of a group description. */
export function writeGroupDesc(w: Writer, group: GroupDesc): void {
  const start = w.size;
  w.u16(0);
  w.u8(numberIn(types, group.groupType));
  w.u8(0);
  w.u32(group.groupId);
  writeBuckets(w, group.buckets);
  w.patchSize(start, start);
}

/** Reads one entry of a group description. */
export function readGroupDesc(r: Reader): GroupDesc {
  const body = r.sub(r.peek16(), 'group description');
  body.skip(2);
  const groupType = types[body.u8()];
  if (!groupType) throw body.error('unknown group type');
  body.skip(1);
  return { groupType, groupId: body.u32(), buckets: readBuckets(body) };
}
