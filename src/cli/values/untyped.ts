/** Encodes arguments without a schema: text unchanged, and JSON values by the codec for their type. */
import {
  AmpError,
  ANSWER,
  type Argument,
  ASK,
  Box,
  boolean,
  COMMAND,
  ERROR,
  encodeBox,
  float,
  listOf,
  unicode,
} from "../../index.ts";
import { UsageError } from "../cli-error.ts";
import type { TypedArgument } from "./args.ts";
import { numberText } from "./exact-json.ts";
import { isHex } from "./typed.ts";

/** Keys that identify an ask, an answer or an error. */
const PROTOCOL_KEYS: ReadonlySet<string> = new Set([ASK, ANSWER, ERROR, COMMAND]);

/** @throws UsageError for a name that AMP itself uses, and for a name or a value that is too long */
export function untypedBox(args: readonly TypedArgument[]): Box {
  const box = new Box();
  for (const arg of args) {
    if (PROTOCOL_KEYS.has(arg.name))
      throw new UsageError(`an argument cannot have the name ${arg.name}`, "AMP uses this key for itself");
    const value = "bytes" in arg ? arg.bytes : encoded(arg.json);
    if (value !== undefined) box.set(arg.name, value);
  }
  if (box.size > 0) checkLengths(box);
  return box;
}

/** Reports a name or a value that is too long before anything is opened. @throws UsageError */
function checkLengths(box: Box): void {
  try {
    encodeBox(box);
  } catch (cause) {
    if (!(cause instanceof AmpError)) throw cause;
    throw new UsageError(cause.message, undefined, { cause, code: cause.code });
  }
}

/** Encodes an array of objects as AmpList and other arrays as ListOf. Returns undefined for null, which is not sent. */
function encoded(json: unknown): Uint8Array | undefined {
  switch (typeof json) {
    case "boolean":
      return boolean().encode(json);
    case "number":
      return Number.isInteger(json) ? unicode().encode(numberText(json)) : float().encode(json);
    case "string":
      return unicode().encode(json);
  }
  if (json === null || json === undefined) return undefined;
  if (isHex(json)) return Buffer.from(json.hex, "hex");
  if (!Array.isArray(json)) return encodeBox(boxOf(json));
  if (json.length > 0 && json.every(isRow)) return Buffer.concat(json.map((row) => encodeBox(boxOf(row))));
  return listOf(element).encode(json);
}

const element: Argument<unknown> = {
  encode: (json) => encoded(json) ?? new Uint8Array(0),
  decode: (value) => value,
};

function boxOf(row: object): Box {
  const entries = Object.entries(row).map(([name, value]) => [name, encoded(value)] as const);
  return new Box(entries.filter((entry): entry is [string, Uint8Array] => entry[1] !== undefined));
}

function isRow(json: unknown): json is object {
  return typeof json === "object" && json !== null && !Array.isArray(json) && !isHex(json);
}
