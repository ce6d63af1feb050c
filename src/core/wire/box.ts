/** A box as a map. Keys are bytes on the wire and strings here: see `key-text.ts`. */
import type { InvalidSignature } from "../errors/caller.ts";
import { LONE_SURROGATE } from "../errors/safe-text.ts";
import { utf8Encoder, utf8Lenient } from "../platform.ts";
import { isBytes, shownValue, wrongType } from "./value-text.ts";

/** One AMP message: keys and values. The map keeps the order in which keys were set; the writer sorts them. */
export class Box extends Map<string, Uint8Array> {
  /**
   * @param entries a record or pairs; a string value is encoded as UTF-8
   * @throws InvalidSignature as {@link set} does
   */
  constructor(
    entries:
      | Iterable<readonly [string, Uint8Array | string]>
      | Readonly<Record<string, Uint8Array | string>> = [],
  ) {
    super();
    // A JavaScript program may pass a value of any type.
    if (typeof entries !== "object" || entries === null)
      throw wrongType("the content of a box", "an object", entries);
    const pairs = Symbol.iterator in entries ? entries : Object.entries(entries);
    // The cast: TypeScript thinks that a record may have an iterator. An object with an iterator holds pairs.
    for (const pair of pairs as Iterable<readonly [string, Uint8Array | string]>) {
      if (!Array.isArray(pair)) throw wrongType("an entry of a box", "a pair of a key and a value", pair);
      this.set(pair[0], pair[1]);
    }
  }

  /**
   * @param value a string is encoded as UTF-8
   * @throws InvalidSignature for a key that is not a string, for a value that is neither a string nor a Uint8Array, and for a
   * string with a lone surrogate, which UTF-8 cannot encode
   */
  override set(key: string, value: Uint8Array | string): this {
    if (typeof key !== "string") throw wrongType("a key", "a string", key);
    return super.set(key, isBytes(value) ? value : encoded(key, value));
  }

  /** Returns a value as text, with U+FFFD for invalid UTF-8; undefined if the key is absent. */
  text(key: string): string | undefined {
    const value = this.get(key);
    return value === undefined ? undefined : utf8Lenient.decode(value);
  }
}

function encoded(key: string, value: string): Uint8Array {
  if (typeof value !== "string" || LONE_SURROGATE.test(value)) throw wrongValue(key, value);
  return utf8Encoder.encode(value);
}

/** Returns the error for a value that the wire cannot carry. */
export function wrongValue(key: string, value: unknown): InvalidSignature {
  return wrongType(`the value of the key ${shownValue(key)}`, "well-formed text or a Uint8Array", value);
}
