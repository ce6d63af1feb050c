/**
 * Conversion of keys, which are bytes on the wire and strings here.
 *
 * Keys are decoded as UTF-8. A byte that is not valid UTF-8 becomes a lone surrogate U+DC80..U+DCFF, as in Python's
 * `surrogateescape` (PEP 383). So every key has exactly one string, from which the same bytes are encoded again.
 */
import { InvalidSignature } from "../errors/caller.ts";
import { LONE_SURROGATE } from "../errors/safe-text.ts";
import { type UnsharedBytes, utf8Encoder, utf8Lenient } from "../platform.ts";

/** Size up to which joining characters one by one is fastest. Each character more makes one string more. */
const SHORT_KEY_BYTES = 10;
/** Characters per call of `String.fromCodePoint`, which takes each as an argument. */
const MAX_CHARACTERS = 1024;

/** Returns the string of a key. */
export function keyToText(bytes: Uint8Array, start = 0, end: number = bytes.length): string {
  if (end - start > SHORT_KEY_BYTES) return escapedText(bytes, start, end);
  let text = "";
  for (let i = start; i < end; i++) {
    const byte = bytes[i] as number;
    if (byte > 0x7f) return escapedText(bytes, start, end);
    text += String.fromCharCode(byte);
  }
  return text;
}

/**
 * Returns the bytes of a key.
 * @throws InvalidSignature for a lone surrogate outside U+DC80..U+DCFF: UTF-8 cannot encode it
 */
export function textToKey(text: string): UnsharedBytes {
  if (!LONE_SURROGATE.test(text)) return utf8Encoder.encode(text);
  const bytes: number[] = [];
  for (const character of text) {
    const unit = character.charCodeAt(0);
    // A pair of surrogates begins with one below U+DC00.
    if (unit >= 0xdc80 && unit <= 0xdcff) bytes.push(unit & 0xff);
    else if (LONE_SURROGATE.test(character)) throw new InvalidSignature(`not a key: ${JSON.stringify(text)}`);
    else bytes.push(...utf8Encoder.encode(character));
  }
  return Uint8Array.from(bytes);
}

/**
 * Decodes UTF-8, and escapes each invalid byte. A peer may send only invalid bytes, and an exception for each would cost a
 * thousand times more than this loop. Characters are joined in groups, because V8 stores single joins as a tree.
 */
function escapedText(bytes: Uint8Array, start: number, end: number): string {
  // The platform is faster than the loop. It replaces invalid bytes by U+FFFD.
  const decoded = utf8Lenient.decode(bytes.subarray(start, end));
  if (!decoded.includes("\ufffd")) return decoded;
  let text = "";
  let points: number[] = [];
  for (let at = start; at < end; ) {
    const point = characterAt(bytes, at, end);
    points.push(point < 0 ? 0xdc00 | (bytes[at] as number) : point);
    at += lengthOf(point);
    if (points.length >= MAX_CHARACTERS) {
      text += String.fromCodePoint(...points);
      points = [];
    }
  }
  return text + String.fromCodePoint(...points);
}

/** Returns the code point of the character that begins at `at`; -1 if the bytes are not valid UTF-8. */
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
  // Valid UTF-8 has no overlong form, no surrogate, and nothing over U+10FFFF.
  return lengthOf(point) === length && point >> 11 !== 0x1b && point <= 0x10_ffff ? point : -1;
}

function lengthOf(point: number): number {
  return point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x1_0000 ? 3 : 4;
}
