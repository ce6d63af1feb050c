/**
 * Formats values as text and as JSON. Values from a peer may contain control characters, which could move the cursor or
 * forge a line. They are escaped before they reach the terminal.
 */
import { safeText, UNSAFE } from "../../core/errors/safe-text.ts";
import { decimalText } from "../../index.ts";

const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
/** Control characters of binary data. Tab and line ends occur in text, so they are escaped instead. */
const CONTROLS = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]/;

/** Returns bytes as text, or undefined for binary data. */
function asText(bytes: Uint8Array): string | undefined {
  try {
    const text = strict.decode(bytes);
    return CONTROLS.test(text) ? undefined : text;
  } catch {
    return undefined;
  }
}

/** Returns bytes as hex, for example `0x00ff`. */
function hex(bytes: Uint8Array): string {
  return `0x${Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("hex")}`;
}

/**
 * Truncates text, for example a name that a peer chose.
 *
 * @param longest maximum number of characters
 */
export function shortText(text: string, longest: number): string {
  return text.length > longest ? `${text.slice(0, longest)}… (${text.length} characters)` : text;
}

/**
 * Returns one line of JSON that is safe to print on a terminal. Unsafe characters occur in strings only, where JSON
 * allows escapes.
 */
export function jsonText(value: unknown): string {
  return JSON.stringify(value).replace(
    UNSAFE,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** Formats a value for people: text unchanged, binary data as hex, lists and objects as JSON. */
export function formatValue(value: unknown): string {
  const plain = jsonValue(value);
  if (value instanceof Uint8Array) return safeText(asText(value) ?? hex(value));
  return safeText(typeof plain === "string" ? plain : JSON.stringify(plain));
}

/**
 * Converts a value to JSON. Bytes become text, or `{ hex }` for binary data. A bigint becomes a string, because most JSON
 * parsers would round it. NaN and the infinities, which JSON lacks, become their names in Python.
 */
export function jsonValue(value: unknown): unknown {
  if (value instanceof Uint8Array) return asText(value) ?? { hex: hex(value).slice(2) };
  if (typeof value === "bigint") return String(value);
  if (typeof value === "number" && !Number.isFinite(value)) return PYTHON_FLOATS[String(value)];
  if (Array.isArray(value)) return value.map(jsonValue);
  if (typeof value !== "object" || value === null) return value;
  const tag = Object.prototype.toString.call(value);
  if (tag === "[object Decimal]") return decimalText(value as Parameters<typeof decimalText>[0]); // its tag identifies it
  if (tag === "[object Temporal.ZonedDateTime]") return withoutZone(String(value));
  return jsonRecord(Object.entries(value));
}

export function jsonRecord(entries: Iterable<readonly [string, unknown]>): Record<string, unknown> {
  return Object.fromEntries(Array.from(entries, ([name, value]) => [name, jsonValue(value)]));
}

const PYTHON_FLOATS: Readonly<Record<string, string>> = { Infinity: "inf", "-Infinity": "-inf", NaN: "nan" };

/** Removes the zone of `2024-01-01T00:00:00+01:00[+01:00]`, which repeats the offset. */
function withoutZone(text: string): string {
  return text.replace(/\[.*$/, "");
}
