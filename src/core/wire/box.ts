/** A box: keys to values, both bytes on the wire; here keys are strings (see `key-text.ts`). */
import { utf8Encoder, utf8Lenient } from "../platform.ts";

/** Keys with their values, in the order in which they were set; the writer sorts them. */
export class Box extends Map<string, Uint8Array> {
  /** @param entries a record or pairs; a value given as a string goes as UTF-8 */
  constructor(
    entries:
      | Iterable<readonly [string, Uint8Array | string]>
      | Readonly<Record<string, Uint8Array | string>> = [],
  ) {
    super();
    const pairs = Symbol.iterator in entries ? entries : Object.entries(entries);
    // To the compiler a record may have an iterator too; here what has one is no record.
    for (const [key, value] of pairs as Iterable<readonly [string, Uint8Array | string]>)
      this.set(key, value);
  }

  /** @param value text goes as UTF-8 */
  override set(key: string, value: Uint8Array | string): this {
    return super.set(key, typeof value === "string" ? utf8Encoder.encode(value) : value);
  }

  /** The value as text, U+FFFD in place of what is not UTF-8; undefined where there is none. */
  text(key: string): string | undefined {
    const value = this.get(key);
    return value === undefined ? undefined : utf8Lenient.decode(value);
  }
}
