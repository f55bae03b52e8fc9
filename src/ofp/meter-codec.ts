// Messages about meters and queues: meter_mod, meter bands, queue configurations.
import { numberIn, type BodyCodec, type MessageOf } from './message-codec.js';
import type { Reader } from './reader.js';
import type { MeterBand, QueueConfig } from './resource-types.js';
import type { Writer } from './writer.js';

const bandType = { drop: 1, dscp_remark: 2 } as const;
const bandSize = 16;

/** Writes a meter's bands. */
export function writeBands(w: Writer, bands: readonly MeterBand[]): void {
  for (const band of bands) {
    if (band.type === 'unknown') {
      w.bytes(band.bytes);
      continue;
    }
    w.u16(bandType[band.type]);
    w.u16(bandSize);
    w.u32(band.rate);
    w.u32(band.burstSize);
    w.u8(band.type === 'dscp_remark' ? band.precLevel : 0);
    w.zeros(3);
  }
}

function readBand(r: Reader): MeterBand {
  const size = r.peek16(2);
  if (size < 4) throw r.error(`meter band length ${size}`);
  const body = r.sub(size, 'meter band');
  const type = body.u16();
  body.skip(2);
  if (size !== bandSize || (type !== bandType.drop && type !== bandType.dscp_remark))
    return { type: 'unknown', bytes: body.whole() };
  const [rate, burstSize, precLevel] = [body.u32(), body.u32(), body.u8()];
  return type === bandType.drop
    ? { type: 'drop', rate, burstSize }
    : { type: 'dscp_remark', rate, burstSize, precLevel };
}

/** Reads meter bands until the reader is empty. */
export function readBands(r: Reader): MeterBand[] {
  const bands: MeterBand[] = [];
  while (r.remaining > 0) bands.push(readBand(r));
  return bands;
}

const commands = ['add', 'modify', 'delete'] as const;

/** OFPT_METER_MOD. */
export const meterMod: BodyCodec<MessageOf<'meter_mod'>> = {
  number: 29,
  write(w, message) {
    w.u16(numberIn(commands, message.command));
    w.u16(message.flags);
    w.u32(message.meterId);
    writeBands(w, message.bands);
  },
  read(r) {
    const command = commands[r.u16()];
    const [flags, meterId] = [r.u16(), r.u32()];
    const bands = readBands(r);
    return command && { type: 'meter_mod', command, flags, meterId, bands };
  },
};

/** OFPT_QUEUE_GET_CONFIG_REQUEST. */
export const queueGetConfigRequest: BodyCodec<MessageOf<'queue_get_config_request'>> = {
  number: 22,
  write(w, { port }) {
    w.u32(port);
    w.zeros(4);
  },
  read: (r) => ({ type: 'queue_get_config_request', port: r.u32() }),
};

const queueProperty = { minRate: 1, maxRate: 2 } as const;
const queuePropertySize = 16;

function writeRate(w: Writer, type: number, rate: number | undefined): void {
  if (rate === undefined) return;
  w.u16(type);
  w.u16(queuePropertySize);
  w.zeros(4);
  w.u16(rate);
  w.zeros(6);
}

function writeQueue(w: Writer, queue: QueueConfig): void {
  const start = w.size;
  w.u32(queue.queueId);
  w.u32(queue.port);
  w.u16(0);
  w.zeros(6);
  writeRate(w, queueProperty.minRate, queue.minRate);
  writeRate(w, queueProperty.maxRate, queue.maxRate);
  for (const property of queue.unknown ?? []) w.bytes(property);
  w.patchSize(start, start + 8);
}

function readQueue(r: Reader): QueueConfig {
  const size = r.peek16(8);
  if (size < 16) throw r.error(`queue length ${size}`);
  const body = r.sub(size, 'queue');
  let queue: QueueConfig = { queueId: body.u32(), port: body.u32() };
  body.skip(8);
  while (body.remaining > 0) {
    const propertySize = body.peek16(2);
    if (propertySize < 8) throw body.error(`queue property length ${propertySize}`);
    const property = body.sub(propertySize, 'queue property');
    const type = property.u16();
    const isRate = propertySize === queuePropertySize;
    if (isRate) property.skip(6);
    if (isRate && type === queueProperty.minRate) queue = { ...queue, minRate: property.u16() };
    else if (isRate && type === queueProperty.maxRate) queue = { ...queue, maxRate: property.u16() };
    else queue = { ...queue, unknown: [...(queue.unknown ?? []), property.whole()] };
  }
  return queue;
}

/** OFPT_QUEUE_GET_CONFIG_REPLY. */
export const queueGetConfigReply: BodyCodec<MessageOf<'queue_get_config_reply'>> = {
  number: 23,
  write(w, message) {
    w.u32(message.port);
    w.zeros(4);
    for (const queue of message.queues) writeQueue(w, queue);
  },
  read(r) {
    const port = r.u32();
    r.skip(4);
    const queues: QueueConfig[] = [];
    while (r.remaining > 0) queues.push(readQueue(r));
    return { type: 'queue_get_config_reply', port, queues };
  },
};
