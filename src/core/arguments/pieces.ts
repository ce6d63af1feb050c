/** Pieces of a value that is split over several keys. */

import { TooLong } from "../errors/caller.ts";
import { MAX_VALUE_LENGTH } from "../wire/box-limits.ts";

export function valueTooLong(maxBytes: number): TooLong {
  return new TooLong(`the value is longer than its maxBytes (${maxBytes})`);
}

/** Returns pieces of at most 65535 bytes; one empty piece for an empty value. */
export function splitBytes(bytes: Uint8Array): Uint8Array[] {
  const pieces = [bytes.subarray(0, MAX_VALUE_LENGTH)];
  for (let start = MAX_VALUE_LENGTH; start < bytes.length; start += MAX_VALUE_LENGTH)
    pieces.push(bytes.subarray(start, start + MAX_VALUE_LENGTH));
  return pieces;
}

/**
 * Joins pieces, of which there is at least one.
 * @throws TooLong before the result takes memory
 */
export function joined(pieces: readonly Uint8Array[], maxBytes: number): Uint8Array {
  const length = pieces.reduce((sum, piece) => sum + piece.length, 0);
  if (length > maxBytes) throw valueTooLong(maxBytes);
  const [first] = pieces;
  if (pieces.length === 1 && first !== undefined) return first;
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const piece of pieces) {
    bytes.set(piece, at);
    at += piece.length;
  }
  return bytes;
}
