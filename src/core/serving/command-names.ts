/** The names of commands, as strings: most asks on a connection bear one of a few. */
import { copiedBytes } from "../wire/frame.ts";
import { keyToText } from "../wire/key-text.ts";

/** How many names are remembered: by a hash of length and two bytes, so a collision only costs a new string. */
const SLOTS = 32;
/** A longer name is not remembered: a peer could make each connection keep megabytes of what nobody serves. */
const LONGEST = 128;

export class NameCache {
  readonly #bytes: Uint8Array[] = [];
  readonly #names: string[] = [];

  nameAt(bytes: Uint8Array, start: number, end: number): string {
    const length = end - start;
    if (length === 0) return "";
    const slot = (length * 31 + (bytes[start] as number) * 7 + (bytes[end - 1] as number)) % SLOTS;
    const known = this.#bytes[slot];
    if (known !== undefined && known.length === length) {
      let i = 0;
      while (i < length && known[i] === bytes[start + i]) i++;
      if (i === length) return this.#names[slot] as string; // kept together with the bytes
    }
    const name = keyToText(bytes, start, end);
    if (length > LONGEST) return name;
    this.#bytes[slot] = copiedBytes(bytes, start, end);
    this.#names[slot] = name;
    return name;
  }
}
