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

/** Returns the text if it is short and ASCII, as most values are, else undefined. */
export function shortAscii(bytes: Uint8Array, start: number, end: number): string | undefined {
  if (end - start > SHORT_TEXT_BYTES) return undefined;
  let text = "";
  let at = start;
  // Four bytes at a time, which needs a quarter of the joins.
  for (; at + 4 <= end; at += 4) {
    const a = bytes[at] as number;
    const b = bytes[at + 1] as number;
    const c = bytes[at + 2] as number;
    const d = bytes[at + 3] as number;
    if ((a | b | c | d) > 0x7f) return undefined;
    text += String.fromCharCode(a, b, c, d);
  }
  for (; at < end; at++) {
    const byte = bytes[at] as number;
    if (byte > 0x7f) return undefined;
    text += String.fromCharCode(byte);
  }
  return text;
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
