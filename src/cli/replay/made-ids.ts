/**
 * Values that the server made, for example session tokens and row numbers. Another server makes other ones, so what the
 * recording sends back later is replaced by the value that the live server made.
 */
import type { Box } from "../../index.ts";
import { isProtocolKey } from "./differences.ts";

/** Minimum length in bytes of a value that counts as an id although its field is not ignored. A shorter one may be a count. */
const MIN_ID_BYTES = 8;
/** Most bytes of an id. */
const MAX_ID_BYTES = 1024;

export class MadeIds {
  /** Live values by recorded value. */
  readonly #live = new Map<string, Uint8Array>();
  /** Values that the recording sends before the server does. The server has not made them. */
  readonly #sent = new Set<string>();

  /**
   * Compares a box of the server with the recorded one, and remembers the values that differ.
   *
   * @param isIgnored returns true for a field that the user ignores: its value is an id, however short
   */
  learn(recorded: Box, got: Box, isIgnored: (key: string) => boolean): void {
    for (const [key, value] of recorded) {
      const live = got.get(key);
      if (isProtocolKey(key) || live === undefined || Buffer.compare(value, live) === 0) continue;
      if (value.length > MAX_ID_BYTES || (value.length < MIN_ID_BYTES && !isIgnored(key))) continue;
      const id = textOf(value);
      if (!this.#sent.has(id)) this.#live.set(id, live);
    }
  }

  /** Returns a recorded box with the ids of the live server. */
  translate(box: Box): Box {
    for (const [key, value] of box) {
      if (isProtocolKey(key) || value.length > MAX_ID_BYTES) continue;
      const id = textOf(value);
      const live = this.#live.get(id);
      if (live === undefined) this.#sent.add(id);
      else box.set(key, live);
    }
    return box;
  }

  /** Returns true if `live` is the value that the live server made in place of `recorded`. */
  isSame(recorded: Uint8Array, live: Uint8Array): boolean {
    if (this.#live.size === 0 || recorded.length > MAX_ID_BYTES) return false;
    const known = this.#live.get(textOf(recorded));
    return known !== undefined && Buffer.compare(known, live) === 0;
  }
}

/** Returns bytes as text with one character for each byte. */
function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("latin1");
}
