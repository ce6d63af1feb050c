/** A box as a map. Keys are bytes on the wire and strings here: see `key-text.ts`. */
import { utf8Encoder, utf8Lenient } from "../platform.ts";

/** One AMP message: keys and values. The map keeps the order in which keys were set; the writer sorts them. */
export class Box extends Map<string, Uint8Array> {
  /** @param entries a record or pairs; a string value is encoded as UTF-8 */
  constructor(
    entries:
      | Iterable<readonly [string, Uint8Array | string]>
      | Readonly<Record<string, Uint8Array | string>> = [],
  ) {
    super();
    const pairs = Symbol.iterator in entries ? entries : Object.entries(entries);
    // The cast: TypeScript thinks that a record may have an iterator. An object with an iterator holds pairs.
    for (const [key, value] of pairs as Iterable<readonly [string, Uint8Array | string]>)
      this.set(key, value);
  }

  /** @param value a string is encoded as UTF-8 */
  override set(key: string, value: Uint8Array | string): this {
    return super.set(key, typeof value === "string" ? utf8Encoder.encode(value) : value);
  }

  /** Returns a value as text, with U+FFFD for invalid UTF-8; undefined if the key is absent. */
  text(key: string): string | undefined {
    const value = this.get(key);
    return value === undefined ? undefined : utf8Lenient.decode(value);
  }
}
