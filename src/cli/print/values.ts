/**
 * Formats values as text and as JSON. Values from a peer may contain control characters, which could move the cursor or
 * forge a line. They are escaped before they reach the terminal.
 */
import { safeText, UNSAFE } from "../../core/errors/safe-text.ts";
import { type Box, decimalText, parseBoxes } from "../../index.ts";

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

/**
 * Formats a value for people: text unchanged, binary data as hex, lists and objects as JSON. Text with blanks is quoted, so
 * that ` total=95` inside a value does not look like a field of its own.
 *
 * @param longest maximum number of characters of the value (default: no limit)
 */
export function formatValue(value: unknown, longest = Number.POSITIVE_INFINITY): string {
  const plain = value instanceof Uint8Array ? plainBytes(value) : jsonValue(value);
  if (typeof plain !== "string") return shortText(safeText(JSON.stringify(plain) ?? String(plain)), longest);
  return quotedIfNeeded(plain, longest);
}

/** Formats text that a peer chose, for example a key or a name: on one line, and quoted if it contains one of the `marks`. */
export function quotedIfNeeded(text: string, longest: number, marks = /\s|^"/u): string {
  const plain = safeText(text);
  if (!marks.test(plain)) return shortText(plain, longest);
  if (text.length <= longest) return safeText(JSON.stringify(text));
  return `${safeText(JSON.stringify(text.slice(0, longest)))}… (${text.length} characters)`;
}

/** Formats a value where no field follows it: as `formatValue` does, but text without quotes and bytes never as rows. */
export function unquotedValue(value: unknown, longest = Number.POSITIVE_INFINITY): string {
  const plain = value instanceof Uint8Array ? (asText(value) ?? hex(value)) : jsonValue(value);
  return typeof plain === "string" ? shortText(safeText(plain), longest) : formatValue(plain, longest);
}

/** Characters of a key that would make its end unclear. */
export const KEY_MARKS = /[\s"=]/u;

/** Returns bytes as text, as rows, or as hex. */
function plainBytes(bytes: Uint8Array): unknown {
  return asText(bytes) ?? rowsOf(bytes, MAX_ROW_DEPTH) ?? hex(bytes);
}

/** Maximum depth of lists of rows inside rows. A limit, because each depth reads the bytes again. */
const MAX_ROW_DEPTH = 4;

/** Names of fields that programs use. */
const FIELD_NAME = /^[A-Za-z_][\w.-]*$/;

/**
 * Returns the rows if bytes are an encoded `AmpList`: complete boxes whose keys are names, each at most once in a row. Only a
 * `ListOf` whose last text is empty can look the same.
 */
function rowsOf(bytes: Uint8Array, depth: number): unknown {
  if (depth === 0 || bytes.length === 0) return undefined;
  let rows: Box[];
  try {
    rows = parseBoxes(bytes);
  } catch {
    return undefined;
  }
  let length = 0;
  for (const row of rows) {
    if (row.size === 0) return undefined;
    for (const [key, value] of row) {
      if (!FIELD_NAME.test(key)) return undefined;
      length += KEY_OVERHEAD + key.length + value.length;
    }
    length += BOX_END;
  }
  if (length !== bytes.length) return undefined; // a key occurs more than once
  const plain = (value: Uint8Array) => asText(value) ?? rowsOf(value, depth - 1) ?? jsonValue(value);
  return rows.map((row) => Object.fromEntries(Array.from(row, ([key, value]) => [key, plain(value)])));
}

/** Bytes of the two lengths of a key and its value, and of the empty key that ends a box. */
const KEY_OVERHEAD = 4;
const BOX_END = 2;

/**
 * Converts a value to JSON. Bytes become text, or `{ hex }` for binary data. A bigint becomes a string, because most JSON
 * parsers would round it. NaN and the infinities, which JSON lacks, become their names in Python. A Map becomes an object, or
 * pairs if a key is not text. Objects of codecs become what their `toJSON` or `toString` returns.
 */
export function jsonValue(value: unknown): unknown {
  return toJSON(value, []);
}

/** @param above the objects that contain the value */
function toJSON(value: unknown, above: readonly object[]): unknown {
  if (value instanceof Uint8Array) return asText(value) ?? { hex: hex(value).slice(2) };
  if (typeof value === "bigint") return String(value);
  if (typeof value === "symbol" || typeof value === "function") return String(value);
  if (typeof value === "number" && !Number.isFinite(value)) return PYTHON_FLOATS[String(value)];
  if (typeof value !== "object" || value === null) return value;
  if (above.includes(value)) return "[circular]";
  const inside = (one: unknown) => toJSON(one, [...above, value]);
  if (Array.isArray(value)) return value.map(inside);
  const tag = Object.prototype.toString.call(value);
  if (tag === "[object Decimal]") return decimalText(value as Parameters<typeof decimalText>[0]); // its tag identifies it
  if (tag === "[object Temporal.ZonedDateTime]") return withoutZone(String(value));
  // The tags identify these classes, also those of another realm.
  if (tag === "[object Map]") return mapToJSON([...(value as ReadonlyMap<unknown, unknown>)], inside);
  if (tag === "[object Set]") return Array.from(value as ReadonlySet<unknown>, inside);
  const form = ownForm(value);
  if (form !== undefined) return inside(form);
  const entries = Object.entries(value);
  if (entries.length === 0 && !isPlain(value)) return String(value);
  return Object.fromEntries(entries.map(([name, one]) => [name, inside(one)]));
}

/** Returns how an object of a class describes itself, for example a URL or a Date. Undefined for a plain object. */
function ownForm(value: object): unknown {
  const json: unknown = "toJSON" in value ? value.toJSON : undefined;
  if (typeof json === "function") return json.call(value) ?? String(value); // null for an invalid Date
  if (isPlain(value) || value.toString === Object.prototype.toString) return undefined;
  return String(value);
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

function mapToJSON(
  entries: readonly (readonly [unknown, unknown])[],
  inside: (one: unknown) => unknown,
): unknown {
  const named = entries.every(([key]) => typeof key === "string");
  if (!named) return entries.map((entry) => entry.map(inside));
  return Object.fromEntries(entries.map(([key, one]) => [key, inside(one)]));
}

export function jsonRecord(entries: Iterable<readonly [string, unknown]>): Record<string, unknown> {
  return Object.fromEntries(Array.from(entries, ([name, value]) => [name, jsonValue(value)]));
}

const PYTHON_FLOATS: Readonly<Record<string, string>> = { Infinity: "inf", "-Infinity": "-inf", NaN: "nan" };

/** Removes the zone of `2024-01-01T00:00:00+01:00[+01:00]`, which repeats the offset. */
function withoutZone(text: string): string {
  return text.replace(/\[.*$/, "");
}
