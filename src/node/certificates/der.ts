/** The few parts of DER, the binary encoding of certificates, that the library reads and writes itself. */

/** A value in DER: its tag, and the positions of its content. */
export interface DERValue {
  readonly tag: number;
  readonly start: number;
  readonly end: number;
}

export const INTEGER = 0x02;
export const SEQUENCE = 0x30;
export const OBJECT_IDENTIFIER = 0x06;

/**
 * Reads the value at a position.
 * @throws RangeError if the bytes end before the value does
 */
export function readDER(bytes: Uint8Array, at: number): DERValue {
  const tag = byteAt(bytes, at);
  const first = byteAt(bytes, at + 1);
  let start = at + 2;
  let length = first;
  if (first > 0x7f) {
    length = 0;
    for (const last = start + (first & 0x7f); start < last; start++)
      length = length * 256 + byteAt(bytes, start);
  }
  if (start + length > bytes.length) throw new RangeError("the DER value is longer than its bytes");
  return { tag, start, end: start + length };
}

function byteAt(bytes: Uint8Array, at: number): number {
  const byte = bytes[at];
  if (byte === undefined) throw new RangeError("the DER value is longer than its bytes");
  return byte;
}

/** Returns a value with its tag and length. */
export function writeDER(tag: number, ...content: readonly Uint8Array[]): Uint8Array {
  const length = content.reduce((sum, { byteLength }) => sum + byteLength, 0);
  const size: number[] = [];
  for (let rest = length; rest > 0; rest = Math.floor(rest / 256)) size.unshift(rest % 256);
  const header = length < 0x80 ? [tag, length] : [tag, 0x80 | size.length, ...size];
  return Buffer.concat([Uint8Array.from(header), ...content]);
}
