// Files of captured packets: pcap, with times in micro- or nanoseconds, and pcapng, of either byte order.

/** One packet of a capture. */
export interface CapturedPacket {
  /** Nanoseconds since 1970; undefined where the file does not say. */
  readonly timeNs: bigint | undefined;
  /** LINKTYPE_ number: what the bytes begin with. */
  readonly linkType: number;
  /** A view of the file. */
  readonly bytes: Uint8Array;
}

/** A file that is no capture, or breaks off: what is wrong, and the offset. */
export class CaptureProblem extends Error {
  override readonly name = 'CaptureProblem';

  constructor(why: string, offset: number) {
    super(`${why} at byte ${offset}`);
  }
}

const pcapMagics: ReadonlyMap<number, { readonly littleEndian: boolean; readonly nsPerTick: bigint }> = new Map([
  [0xa1b2c3d4, { littleEndian: false, nsPerTick: 1000n }],
  [0xd4c3b2a1, { littleEndian: true, nsPerTick: 1000n }],
  [0xa1b23c4d, { littleEndian: false, nsPerTick: 1n }],
  [0x4d3cb2a1, { littleEndian: true, nsPerTick: 1n }],
]);
const sectionHeader = 0x0a0d0d0a;
const nsPerSecond = 1_000_000_000n;

const viewOf = (bytes: Uint8Array) => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** Whether bytes begin as a capture does. */
export function isCapture(bytes: Uint8Array): boolean {
  if (bytes.length < 4) return false;
  const magic = viewOf(bytes).getUint32(0);
  return magic === sectionHeader || pcapMagics.has(magic);
}

/** The packets of a capture, in the order of the file. Throws CaptureProblem when it comes to what it cannot read. */
export function capturedPackets(file: Uint8Array): Generator<CapturedPacket, void> {
  if (!isCapture(file)) throw new CaptureProblem('neither pcap nor pcapng', 0);
  return viewOf(file).getUint32(0) === sectionHeader ? pcapngPackets(file) : pcapPackets(file);
}

const pcapHeaderSize = 24;
const pcapRecordSize = 16;
const linkTypeBits = 0xffff;

function* pcapPackets(file: Uint8Array): Generator<CapturedPacket, void> {
  const view = viewOf(file);
  const kind = pcapMagics.get(view.getUint32(0));
  if (!kind || file.length < pcapHeaderSize) throw new CaptureProblem('a pcap header cut short', 0);
  const { littleEndian, nsPerTick } = kind;
  const linkType = view.getUint32(20, littleEndian) & linkTypeBits;
  for (let at = pcapHeaderSize; at < file.length;) {
    if (at + pcapRecordSize > file.length) throw new CaptureProblem('a packet cut short', at);
    const [seconds, ticks] = [view.getUint32(at, littleEndian), view.getUint32(at + 4, littleEndian)];
    const start = at + pcapRecordSize;
    const end = start + view.getUint32(at + 8, littleEndian);
    if (end > file.length) throw new CaptureProblem('a packet cut short', at);
    const timeNs = BigInt(seconds) * nsPerSecond + BigInt(ticks) * nsPerTick;
    yield { timeNs, linkType, bytes: file.subarray(start, end) };
    at = end;
  }
}

/** What a pcapng file says of an interface that it captured from. */
interface CaptureInterface {
  readonly linkType: number;
  readonly ticksPerSecond: bigint;
  readonly offsetSeconds: bigint;
}

const byteOrderMagic = 0x1a2b3c4d;
const interfaceBlock = 1;
const simplePacketBlock = 3;
const enhancedPacketBlock = 6;
const blockHeadSize = 8;
const smallestBlockSize = 12;

function* pcapngPackets(file: Uint8Array): Generator<CapturedPacket, void> {
  const view = viewOf(file);
  let littleEndian = false;
  let interfaces: CaptureInterface[] = [];
  for (let at = 0; at < file.length;) {
    if (at + smallestBlockSize > file.length) throw new CaptureProblem('a block cut short', at);
    const type = view.getUint32(at, littleEndian);
    if (type === sectionHeader) {
      littleEndian = view.getUint32(at + blockHeadSize) !== byteOrderMagic;
      interfaces = [];
    }
    const size = view.getUint32(at + 4, littleEndian);
    if (size < smallestBlockSize || at + size > file.length) throw new CaptureProblem(`a block of ${size} bytes`, at);
    const block = file.subarray(at + blockHeadSize, at + size - 4);
    if (type === interfaceBlock) interfaces.push(interfaceOf(block, littleEndian, at));
    const packet = packetOf(type, block, littleEndian, interfaces, at);
    if (packet) yield packet;
    at += size;
  }
}

const optionsAt = 8;
const optionHeadSize = 4;
const resolutionOption = 9;
const offsetOption = 14;
const microseconds = 1_000_000n;

/** Bit 7 says whether the rest is a power of two or of ten. */
const ticksOf = (resolution: number) => (resolution & 0x80 ? 2n : 10n) ** BigInt(resolution & 0x7f);

function interfaceOf(block: Uint8Array, littleEndian: boolean, at: number): CaptureInterface {
  if (block.length < optionsAt) throw new CaptureProblem('an interface cut short', at);
  const view = viewOf(block);
  let [ticksPerSecond, offsetSeconds] = [microseconds, 0n];
  for (let option = optionsAt; option + optionHeadSize <= block.length;) {
    const [code, size] = [view.getUint16(option, littleEndian), view.getUint16(option + 2, littleEndian)];
    const value = option + optionHeadSize;
    if (code === resolutionOption && value < block.length) ticksPerSecond = ticksOf(view.getUint8(value));
    if (code === offsetOption && value + 8 <= block.length) offsetSeconds = view.getBigInt64(value, littleEndian);
    option = value + size + (-size & 3);
  }
  return { linkType: view.getUint16(0, littleEndian), ticksPerSecond, offsetSeconds };
}

function packetOf(
  type: number,
  block: Uint8Array,
  littleEndian: boolean,
  interfaces: readonly CaptureInterface[],
  at: number,
): CapturedPacket | undefined {
  if (type !== enhancedPacketBlock && type !== simplePacketBlock) return undefined;
  const isEnhanced = type === enhancedPacketBlock;
  const start = isEnhanced ? 20 : 4;
  if (block.length < start) throw new CaptureProblem('a packet cut short', at);
  const view = viewOf(block);
  const from = interfaces[isEnhanced ? view.getUint32(0, littleEndian) : 0];
  if (!from) throw new CaptureProblem('a packet of an interface that is not described', at);
  const size = isEnhanced
    ? view.getUint32(12, littleEndian)
    : Math.min(view.getUint32(0, littleEndian), block.length - start);
  if (start + size > block.length) throw new CaptureProblem('a packet cut short', at);
  const bytes = block.subarray(start, start + size);
  if (!isEnhanced) return { timeNs: undefined, linkType: from.linkType, bytes };
  const ticks = (BigInt(view.getUint32(4, littleEndian)) << 32n) | BigInt(view.getUint32(8, littleEndian));
  const timeNs = from.offsetSeconds * nsPerSecond + (ticks * nsPerSecond) / from.ticksPerSecond;
  return { timeNs, linkType: from.linkType, bytes };
}
