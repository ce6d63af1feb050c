/**
 * Keys are bytes on the wire and strings here.
 *
 * UTF-8 where the bytes are UTF-8; a byte that is not becomes a lone surrogate U+DC80..U+DCFF, as in
 * Python's `surrogateescape` (PEP 383). So every key has exactly one name and comes back byte for byte.
 */
import { InvalidSignature } from "../errors/caller.ts";
import { utf8Encoder, utf8Strict } from "../platform.ts";

/** With the `u` flag it matches a surrogate only where it is not half of a pair. */
export const LONE_SURROGATE = /\p{Surrogate}/u;

export function keyToText(bytes: Uint8Array, start = 0, end: number = bytes.length): string {
  let text = "";
  for (let i = start; i < end; i++) {
    const byte = bytes[i] as number;
    if (byte > 0x7f) return escapedText(bytes.subarray(start, end));
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

/** Slow and rare: decodes character by character, so that one wrong byte spoils only itself. */
function escapedText(bytes: Uint8Array): string {
  let text = "";
  for (let i = 0; i < bytes.length; ) {
    const length = utf8Length(bytes[i] as number);
    const character = length === 0 ? undefined : decoded(bytes.subarray(i, i + length));
    text += character ?? String.fromCharCode(0xdc00 | (bytes[i] as number));
    i += character === undefined ? 1 : length;
  }
  return text;
}

function utf8Length(first: number): number {
  if (first < 0x80) return 1;
  if (first >= 0xc2 && first < 0xe0) return 2;
  if (first >= 0xe0 && first < 0xf0) return 3;
  return first >= 0xf0 && first < 0xf5 ? 4 : 0;
}

function decoded(bytes: Uint8Array): string | undefined {
  try {
    return utf8Strict.decode(bytes);
  } catch {
    return undefined;
  }
}
