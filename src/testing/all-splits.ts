/** Ways to split bytes into chunks. A reader must accept any chunks, so its tests try several ways. */

import { checkLimit, invalidNumber } from "../core/number-option.ts";
import { isBytes, shownValue } from "../core/wire/value-text.ts";

/** Function that splits bytes into chunks. The chunks, joined in order, are the same bytes. */
export type Chunking = (bytes: Uint8Array) => Iterable<Uint8Array>;

/** @throws TypeError for a value that is not bytes, which a JavaScript program may pass */
function checkBytes(bytes: unknown): void {
  if (!isBytes(bytes)) throw new TypeError(`a Uint8Array is needed, not ${shownValue(bytes)}`);
}

/** Splits bytes into chunks of one byte. The chunks are copies. */
export function byteByByte(bytes: Uint8Array): Uint8Array[] {
  checkBytes(bytes);
  return Array.from(bytes, (byte) => Uint8Array.of(byte));
}

/** Yields the splits that a test should try: whole, byte by byte, and in two at every position. The chunks are copies. */
export function* allSplits(bytes: Uint8Array): Generator<Uint8Array[]> {
  checkBytes(bytes);
  yield [bytes.slice()];
  yield byteByByte(bytes);
  for (let at = 1; at < bytes.length; at++) yield [bytes.slice(0, at), bytes.slice(at)];
}

/**
 * Returns a function that splits bytes at random positions, which are the same for the same seed.
 * @param seed any integer; include it in the message of a failing test
 * @param longest maximum number of bytes in a chunk
 * @throws RangeError if `seed` is not an integer, or `longest` not a whole number of at least 1
 */
export function randomChunking(seed: number, longest = 16): Chunking {
  // A JavaScript program may pass a value of any type.
  if (!Number.isInteger(seed)) throw invalidNumber("seed", "an integer", seed);
  checkLimit({ longest });
  const random = randomNumbers(seed);
  return (bytes) => {
    checkBytes(bytes);
    const pieces: Uint8Array[] = [];
    for (let at = 0; at < bytes.length; ) {
      const end = at + 1 + Math.floor(random() * longest);
      pieces.push(bytes.slice(at, end));
      at = end;
    }
    return pieces;
  };
}

/** Returns numbers from 0 (included) to 1 (excluded): a linear congruential generator, constants of "Numerical Recipes". */
function randomNumbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}
