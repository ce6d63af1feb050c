/**
 * Keys are bytes on the wire and strings here.
 *
 * UTF-8 where the bytes are UTF-8; a byte that is not becomes a lone surrogate U+DC80..U+DCFF, as in
 * Python's `surrogateescape` (PEP 383). So every key has exactly one name and comes back byte for byte.
 */
import { InvalidSignature } from "../errors/caller.ts";
import { utf8Encoder } from "../platform.ts";

/** With the `u` flag it matches a surrogate only where it is not half of a pair. */
export const LONE_SURROGATE = /\p{Surrogate}/u;
/** Up to this many bytes, which few keys exceed, characters are joined one by one. */
const SHORT_TEXT = 16;
/** Characters made at one go: each is an argument of a function. */
const PIECE = 1024;

export function keyToText(bytes: Uint8Array, start = 0, end: number = bytes.length): string {
  if (end - start > SHORT_TEXT) return escapedText(bytes, start, end);
  let text = "";
  for (let i = start; i < end; i++) {
    const byte = bytes[i] as number;
    if (byte > 0x7f) return escapedText(bytes, start, end);
    text += String.fromCharCode(byte);
  }
  return text;
}

/** @throws InvalidSignature for a surrogate that stands alone and for no byte: UTF-8 has no form of it */
export function textToKey(text: string): Uint8Array<ArrayBuffer> {
  if (!LONE_SURROGATE.test(text)) return utf8Encoder.encode(text);
  const bytes: number[] = [];
  for (const character of text) {
    const unit = character.charCodeAt(0);
    if (character.length === 1 && unit >= 0xdc80 && unit <= 0xdcff) bytes.push(unit & 0xff);
    else if (LONE_SURROGATE.test(character)) throw new InvalidSignature(`not a key: ${JSON.stringify(text)}`);
    else bytes.push(...utf8Encoder.encode(character));
  }
  return Uint8Array.from(bytes);
}

/**
 * One wrong byte spoils only itself. Decoded by hand, since a peer may send nothing but wrong bytes: an exception for each would
 * cost a thousand times more. And not joined character by character, which V8 would remember as a tree of all the joins.
 */
function escapedText(bytes: Uint8Array, start: number, end: number): string {
  let text = "";
  let units: number[] = [];
  for (let at = start; at < end; ) {
    const point = characterAt(bytes, at, end);
    if (point > 0xffff) units.push(0xd7c0 + (point >> 10), 0xdc00 | (point & 0x3ff));
    else units.push(point < 0 ? 0xdc00 | (bytes[at] as number) : point);
    at += lengthOf(point);
    if (units.length >= PIECE) {
      text += String.fromCharCode(...units);
      units = [];
    }
  }
  return text + String.fromCharCode(...units);
}

/** The code point of the character that begins here; -1 where none does. */
function characterAt(bytes: Uint8Array, at: number, end: number): number {
  const first = bytes[at] as number;
  if (first < 0xc0) return first < 0x80 ? first : -1;
  const length = Math.clz32(~(first << 24));
  let point = first & (0x7f >> length);
  for (let i = 1; i < length; i++) {
    const byte = at + i < end ? (bytes[at + i] as number) : 0;
    if ((byte & 0xc0) !== 0x80) return -1;
    point = (point << 6) | (byte & 0x3f);
  }
  // Not in a longer form than it needs, no surrogate, and not beyond the last one.
  return lengthOf(point) === length && point >> 11 !== 0x1b && point <= 0x10_ffff ? point : -1;
}

function lengthOf(point: number): number {
  return point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x1_0000 ? 3 : 4;
}
