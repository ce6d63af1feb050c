/**
 * Elements of one box: items of lists, rows, keys of rows, parts of JSON, and decompressed bytes. Two bytes on the wire can become an object of a hundred
 * bytes, so elements are counted while a box is decoded. Decoding is synchronous: one counter serves all connections.
 */
import { sharedByCopies } from "../errors/brand.ts";
import { LimitExceeded } from "../errors/caller.ts";

/** Weight of a box without keys, in bytes: the containers of its values, and what is stored about an ask. */
const BOX_WEIGHT = 256;
/**
 * Weight of one key of a box, in bytes. A box as a map has an entry, a string and a Uint8Array with its buffer for each key,
 * which take up to 300 bytes beyond what arrived.
 */
const FIELD_WEIGHT = 144;
/** Weight of one element, in bytes. The largest for its bytes is a Uint8Array of one byte: about 220 bytes with its buffer. */
const ELEMENT_WEIGHT = 120;

/** A command of one copy of the package may be served by a connection of another. */
const counter = sharedByCopies("elements", () => ({ limit: Number.POSITIVE_INFINITY, count: 0 }));

/** Begins to count. @param maxElements the limit of the box that is decoded next */
export function beginElements(maxElements: number): void {
  counter.limit = maxElements;
  counter.count = 0;
}

/**
 * Counts elements. Called before memory is allocated for them.
 * @throws LimitExceeded
 */
export function countElements(more: number): void {
  counter.count += more;
  if (counter.count > counter.limit) throw tooMany();
}

/** Ends the count: values that a program parses itself have no limit. Returns the number of elements. */
export function endElements(): number {
  counter.limit = Number.POSITIVE_INFINITY;
  return counter.count;
}

/**
 * Returns the weight of a received box, in bytes. Its decoded values take at most twice as much memory.
 * @param keys keys of the box
 * @param elements result of {@link endElements}
 */
export function weightOf(wireBytes: number, keys: number, elements: number): number {
  return wireBytes + BOX_WEIGHT + FIELD_WEIGHT * keys + ELEMENT_WEIGHT * elements;
}

function tooMany(): LimitExceeded {
  return new LimitExceeded(
    `the values of the box have more than ${counter.limit} elements: the limit is maxElements`,
  );
}
