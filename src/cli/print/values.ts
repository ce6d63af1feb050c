/**
 * Values for people and for programs. What a peer has sent may hold anything: no control character of it
 * reaches the terminal, where it could move the cursor or do worse.
 */
import { safeText, UNSAFE } from "../../core/errors/safe-text.ts";
import { decimalText } from "../../index.ts";

const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
/** Those that text has in it, tab and the ends of lines, are shown escaped; with any other it is no text. */
const CONTROLS = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]/;

/** Bytes as text, or undefined where they are not. */
function asText(bytes: Uint8Array): string | undefined {
  try {
    const text = strict.decode(bytes);
    return CONTROLS.test(text) ? undefined : text;
  } catch {
    return undefined;
  }
}

/** Bytes as hex: `0x00ff`. */
function hex(bytes: Uint8Array): string {
  return `0x${Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("hex")}`;
}

/**
 * One line of JSON, which somebody may print on a terminal as it is. Outside of texts it holds nothing unsafe, and inside
 * anything may be written as an escape.
 */
export function jsonText(value: unknown): string {
  return JSON.stringify(value).replace(
    UNSAFE,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** For people: bytes as text where they are text, else as hex; what has parts as JSON. */
export function shown(value: unknown): string {
  const plain = jsonValue(value);
  if (value instanceof Uint8Array) return safeText(asText(value) ?? hex(value));
  return safeText(typeof plain === "string" ? plain : JSON.stringify(plain));
}

/**
 * For programs. Bytes become text, or `{ hex }` where they are not text; a bigint becomes a string, because most
 * readers of JSON would round it; and what JSON has no number for, Python's name of it.
 */
export function jsonValue(value: unknown): unknown {
  if (value instanceof Uint8Array) return asText(value) ?? { hex: hex(value).slice(2) };
  if (typeof value === "bigint") return String(value);
  if (typeof value === "number" && !Number.isFinite(value)) return PYTHON_FLOATS[String(value)];
  if (Array.isArray(value)) return value.map(jsonValue);
  if (typeof value !== "object" || value === null) return value;
  const tag = Object.prototype.toString.call(value);
  if (tag === "[object Decimal]") return decimalText(value as Parameters<typeof decimalText>[0]); // by its tag
  if (tag === "[object Temporal.ZonedDateTime]") return withoutZone(String(value));
  return jsonRecord(Object.entries(value));
}

export function jsonRecord(entries: Iterable<readonly [string, unknown]>): Record<string, unknown> {
  return Object.fromEntries(Array.from(entries, ([name, value]) => [name, jsonValue(value)]));
}

const PYTHON_FLOATS: Readonly<Record<string, string>> = { Infinity: "inf", "-Infinity": "-inf", NaN: "nan" };

/** `2024-01-01T00:00:00+01:00[+01:00]` says its offset twice. */
function withoutZone(text: string): string {
  return text.replace(/\[.*$/, "");
}
