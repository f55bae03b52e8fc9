// What decoding throws, and the only thing it throws.

const shownBytes = 64;

/** Bytes from a peer that do not nest: what was being read, where, and the bytes around it. */
export class DecodeError extends Error {
  override readonly name: string = 'DecodeError';
  /** The element being read, e.g. "action" or "ofp_match". */
  readonly what: string;
  /** Offset within the message. */
  readonly offset: number;
  /** The first bytes of the element, as hex. */
  readonly hex: string;

  constructor(what: string, offset: number, bytes: Uint8Array) {
    const hex = hexOf(bytes.subarray(0, shownBytes));
    super(`${what} at byte ${offset}: ${hex}`);
    this.what = what;
    this.offset = offset;
    this.hex = hex;
  }
}

const digits = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

/** Bytes as lowercase hex. */
export function hexOf(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += digits[byte] ?? '';
  return text;
}
