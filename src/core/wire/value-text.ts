/** The text of a value: for parsing what is rare, and for showing to people what was refused. */
import { utf8Lenient } from "../platform.ts";

/** Up to this many bytes a loop beats a call into the decoder. */
const SHORT_TEXT = 16;
/** How much of a value a message shows. */
const SHOWN = 40;

/** Text for a parser that allows ASCII only: what is not UTF-8 comes out as U+FFFD, which it refuses. */
export function valueText(bytes: Uint8Array, start: number, end: number): string {
  return shortAscii(bytes, start, end) ?? utf8Lenient.decode(bytes.subarray(start, end));
}

/** The text, where it is short and nothing but ASCII, as most values are. */
export function shortAscii(bytes: Uint8Array, start: number, end: number): string | undefined {
  if (end - start > SHORT_TEXT) return undefined;
  let text = "";
  let at = start;
  // By fours: a quarter of the joins.
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

/** Received bytes, quoted and shortened, for a message. */
export function shownBytes(bytes: Uint8Array, start: number, end: number): string {
  // Four bytes a character at most, and one character more than is shown.
  const text = utf8Lenient.decode(bytes.subarray(start, Math.min(end, start + 4 * SHOWN + 4)));
  return quoted(text);
}

/** Any value that a program gave us, for a message. Never throws. */
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
  return text.length > SHOWN ? `${text.slice(0, SHOWN)}…` : text;
}
