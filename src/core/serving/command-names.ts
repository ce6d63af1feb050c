/** Cache of command names as strings: most asks on a connection have one of a few names. */
import { keyToText } from "../wire/key-text.ts";

/** Number of cached names. The slot is a hash of the length and two bytes; a collision costs only a new string. */
const SLOTS = 32;
/** Maximum length of a cached name in bytes. Without it, unknown names from a peer could keep megabytes alive. */
const LONGEST = 128;

export class CommandNames {
  readonly #names: string[] = [];

  nameAt(bytes: Uint8Array, start: number, end: number): string {
    const length = end - start;
    const slot = (length * 31 + (bytes[start] as number) * 7 + (bytes[end - 1] as number)) % SLOTS;
    const known = this.#names[slot];
    if (known !== undefined && known.length === length) {
      let i = 0;
      while (i < length && known.charCodeAt(i) === bytes[start + i]) i++;
      if (i === length) return known;
    }
    const name = keyToText(bytes, start, end);
    // A name with as many characters as bytes has ASCII, which equals its bytes, or escaped bytes, which equal none.
    if (length <= LONGEST && name.length === length) this.#names[slot] = name;
    return name;
  }
}
