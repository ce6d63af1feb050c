/** Values as text: to parse rare forms of a value, and to show rejected values in messages. */
import { InvalidSignature } from "../errors/caller.ts";
import { utf8Lenient } from "../platform.ts";

/** Size up to which a loop is faster than a call of the platform's decoder. */
const SHORT_TEXT_BYTES = 16;
/** Characters of a value that a message shows. */
const SHOWN_CHARACTERS = 40;

/** Returns text for a parser that accepts only ASCII. Invalid UTF-8 becomes U+FFFD, which such a parser rejects. */
export function valueText(bytes: Uint8Array, start: number, end: number): string {
  return shortAscii(bytes, start, end) ?? utf8Lenient.decode(bytes.subarray(start, end));
}

/**
 * Returns the text if it is short and ASCII, as most values are, else undefined. Without a loop: one call of `fromCharCode`
 * for up to eight characters costs half of joining characters.
 */
export function shortAscii(bytes: Uint8Array, start: number, end: number): string | undefined {
  const count = end - start;
  if (count > SHORT_TEXT_BYTES) return undefined;
  if (count < 4) return upToThree(bytes, start, count);
  const a = bytes[start] as number;
  const b = bytes[start + 1] as number;
  const c = bytes[start + 2] as number;
  const d = bytes[start + 3] as number;
  if ((a | b | c | d) > 0x7f) return undefined;
  if (count === 4) return text(a, b, c, d);
  const e = bytes[start + 4] as number;
  if (count === 5) return e > 0x7f ? undefined : text(a, b, c, d, e);
  const f = bytes[start + 5] as number;
  if (count === 6) return (e | f) > 0x7f ? undefined : text(a, b, c, d, e, f);
  const g = bytes[start + 6] as number;
  if (count === 7) return (e | f | g) > 0x7f ? undefined : text(a, b, c, d, e, f, g);
  const h = bytes[start + 7] as number;
  if ((e | f | g | h) > 0x7f) return undefined;
  const eight = text(a, b, c, d, e, f, g, h);
  if (count === 8) return eight;
  const rest = shortAscii(bytes, start + 8, end);
  return rest === undefined ? undefined : eight + rest;
}

const text = String.fromCharCode;

function upToThree(bytes: Uint8Array, start: number, count: number): string | undefined {
  if (count === 0) return "";
  const a = bytes[start] as number;
  if (count === 1) return a > 0x7f ? undefined : text(a);
  const b = bytes[start + 1] as number;
  if (count === 2) return (a | b) > 0x7f ? undefined : text(a, b);
  const c = bytes[start + 2] as number;
  return (a | b | c) > 0x7f ? undefined : text(a, b, c);
}

/** Returns received bytes for a message, quoted and shortened. */
export function shownBytes(bytes: Uint8Array, start: number, end: number): string {
  // At most four bytes for each character, and one character more than is shown.
  const text = utf8Lenient.decode(bytes.subarray(start, Math.min(end, start + 4 * SHOWN_CHARACTERS + 4)));
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

/** Returns any value of the program for a message. Never throws. */
export function shownValue(value: unknown): string {
  if (typeof value === "string") return quoted(value);
  if (typeof value === "bigint") return shortened(`${value}n`);
  if (Object.is(value, -0)) return "-0";
  if (typeof value !== "object" || value === null)
    return typeof value === "function" ? "a function" : String(value);
  const tag = Object.prototype.toString.call(value).slice("[object ".length, -1);
  return Array.isArray(value) ? `an array of ${value.length}` : `an object (${tag})`;
}

function quoted(text: string): string {
  return JSON.stringify(shortened(text));
}

function shortened(text: string): string {
  return text.length > SHOWN_CHARACTERS ? `${text.slice(0, SHOWN_CHARACTERS)}…` : text;
}
