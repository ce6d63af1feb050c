/** Values of the wrong type, and as text for messages. */
import { InvalidSignature } from "../errors/caller.ts";
import { quoted, SHOWN_CHARACTERS, shownValue } from "../errors/shown-value.ts";
import { utf8Lenient } from "../platform.ts";

export { shownValue };

/** Returns received bytes for a message, quoted and shortened. */
export function shownBytes(bytes: Uint8Array, start: number, end: number): string {
  // More than is shown: a character of a string takes at most three bytes.
  const text = utf8Lenient.decode(bytes.subarray(start, Math.min(end, start + 4 * SHOWN_CHARACTERS)));
  return quoted(text);
}

/** Returns true for a Uint8Array, also for one of another realm, for example of an iframe or of `node:vm`. */
export function isBytes(value: unknown): value is Uint8Array {
  if (value instanceof Uint8Array) return true;
  return ArrayBuffer.isView(value) && Reflect.get(value, Symbol.toStringTag) === "Uint8Array";
}

/** Returns true for a Map, also for one of another realm. */
export function isMap(value: unknown): value is Map<unknown, unknown> {
  return value instanceof Map || Object.prototype.toString.call(value) === "[object Map]";
}

/** Returns the error for a value of the wrong type, which a JavaScript program has passed. */
export function wrongType(what: string, needed: string, value: unknown): InvalidSignature {
  return new InvalidSignature(`${what} must be ${needed}, not ${shownValue(value)}`);
}
