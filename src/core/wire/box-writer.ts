/** Boxes to bytes, through a map: for boxes that no template describes. */
import { InvalidSignature, TooLong } from "../errors/caller.ts";
import type { UnsharedBytes } from "../platform.ts";
import { type Box, wrongValue } from "./box.ts";
import { MAX_KEY_LENGTH, MAX_VALUE_LENGTH } from "./box-limits.ts";
import { ByteWriter } from "./byte-writer.ts";
import { FixedBytes } from "./fixed-bytes.ts";
import { textToKey } from "./key-text.ts";
import { isBytes, wrongType } from "./value-text.ts";

/**
 * Encodes a box, with its keys in byte order.
 * @throws InvalidSignature if the box or a key is empty, or if a key or a value has the wrong type; TooLong if a key is over
 * 255 bytes or a value over 65535
 */
export function encodeBox(box: Box): UnsharedBytes {
  const out = new ByteWriter();
  writeBox(out, box);
  return out.copy();
}

/** Appends a box as {@link encodeBox} does. On an error nothing is appended. */
export function writeBox(out: ByteWriter, box: Box): void {
  // A JavaScript program may pass a value of any type. The same reading of `size` finds an empty box.
  if (!(box?.size > 0)) throw new InvalidSignature("a box needs at least one key");
  const start = out.length;
  try {
    for (const [key, value] of sortedEntries(box)) {
      out.append(keyHeader(key));
      if (value.length > MAX_VALUE_LENGTH) throw valueTooLong(box, value);
      out.uint16(value.length);
      out.append(value);
    }
    out.uint16(0);
  } catch (error) {
    out.truncate(start);
    throw error;
  }
}

/**
 * Returns a key with its length in front.
 * @throws InvalidSignature if the key is empty (it would end the box), TooLong if it is over 255 bytes
 */
export function keyHeader(key: Uint8Array): UnsharedBytes {
  if (key.length === 0) throw new InvalidSignature("a key cannot be empty: an empty key ends the box");
  if (key.length > MAX_KEY_LENGTH) {
    throw new TooLong(`a key is ${key.length} bytes long, over the wire's limit of ${MAX_KEY_LENGTH}`);
  }
  const header = new Uint8Array(2 + key.length);
  header[1] = key.length;
  header.set(key, 2);
  return header;
}

/** Returns a key with its length in front, prepared for comparison. @throws InvalidSignature, TooLong */
export function keyPattern(name: string): FixedBytes {
  return new FixedBytes(keyHeader(textToKey(name)));
}

/** Compares in byte order. JavaScript's order of strings differs from it: UTF-16 sorts U+FF5E after U+1F600. */
export function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const shared = Math.min(a.length, b.length);
  for (let i = 0; i < shared; i++) {
    const difference = (a[i] as number) - (b[i] as number);
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}

function sortedEntries(box: Box): [Uint8Array, Uint8Array][] {
  return [...box].map(encodedEntry).sort(([a], [b]) => compareBytes(a, b));
}

/** `Box.set` checks the types too. Here they are checked for a map that was filled in another way. */
function encodedEntry([key, value]: readonly [string, Uint8Array]): [Uint8Array, Uint8Array] {
  if (typeof key !== "string") throw wrongType("a key", "a string", key);
  if (!isBytes(value)) throw wrongValue(key, value); // it would damage the boxes that are already written
  return [textToKey(key), value];
}

function valueTooLong(box: Box, value: Uint8Array): TooLong {
  const name = [...box].find(([, candidate]) => candidate === value)?.[0];
  return new TooLong(
    `the value of ${name} is ${value.length} bytes long, over the wire's limit of ${MAX_VALUE_LENGTH}`,
  );
}
