/**
 * The elements of one box: items of lists and rows. Two bytes on the wire can become an object of a hundred bytes, so they
 * are counted while a box is decoded. Decoding is synchronous: one counter serves all connections.
 */
import { LimitExceeded } from "../errors/caller.ts";

let limit = Number.POSITIVE_INFINITY;
let count = 0;

/** Begins to count. @param maxElements the limit of the box that is decoded next */
export function beginElements(maxElements: number): void {
  limit = maxElements;
  count = 0;
}

/**
 * Counts elements, before they are decoded.
 * @throws LimitExceeded
 */
export function countElements(more: number): void {
  count += more;
  if (count > limit) throw tooMany();
}

/** Ends the count: values that a program parses itself have no limit. Returns the number of elements. */
export function endElements(): number {
  limit = Number.POSITIVE_INFINITY;
  return count;
}

function tooMany(): LimitExceeded {
  return new LimitExceeded(
    `the lists and rows of the box have more than ${limit} elements: the limit is maxElements`,
  );
}

/** Bytes that the value of a key can take besides its bytes on the wire. */
const FIELD_WEIGHT = 128;
/** Bytes that an item of a list, or a row, can take besides its bytes on the wire. */
const ELEMENT_WEIGHT = 128;

/** Returns a bound of the memory of a decoded box, in bytes, to a factor of 2. */
export function weightOf(wireBytes: number, keys: number, elements: number): number {
  return wireBytes + FIELD_WEIGHT * keys + ELEMENT_WEIGHT * elements;
}
