/** Argument types of the vectors, by the names in `test/interop/twisted/argument_types.py`. */
import { Temporal } from "temporal-polyfill";
import { ampList } from "../../../src/core/arguments/amp-list.ts";
import { bigInteger } from "../../../src/core/arguments/big-integer.ts";
import { boolean } from "../../../src/core/arguments/boolean.ts";
import { bytes } from "../../../src/core/arguments/bytes.ts";
import { dateTime } from "../../../src/core/arguments/date-time.ts";
import { decimal } from "../../../src/core/arguments/decimal.ts";
import { float } from "../../../src/core/arguments/float.ts";
import { listOf } from "../../../src/core/arguments/list-of.ts";
import { optional } from "../../../src/core/arguments/optional.ts";
import { path } from "../../../src/core/arguments/path.ts";
import { exactDecimal } from "../../../src/core/arguments/python-decimal.ts";
import { unicode } from "../../../src/core/arguments/unicode.ts";
import type { Argument } from "../../../src/core/schema/argument.ts";

/** JSON form of a value, as `test/interop/twisted/json_values.py` writes it. */
export type Json = string | boolean | readonly Json[] | { readonly [key: string]: Json };

export interface VectorType {
  readonly codec: Argument<unknown>;
  fromJson(json: Json): unknown;
}

const FLOATS: Readonly<Record<string, number>> = {
  inf: Number.POSITIVE_INFINITY,
  "-inf": Number.NEGATIVE_INFINITY,
  nan: Number.NaN,
};

const PLAIN: Readonly<Record<string, VectorType>> = {
  integer: { codec: bigInteger(), fromJson: (json) => BigInt(text(json)) },
  float: { codec: float(), fromJson: (json) => FLOATS[text(json)] ?? Number(text(json)) },
  boolean: { codec: boolean(), fromJson: (json) => json },
  unicode: { codec: unicode(), fromJson: (json) => json },
  path: { codec: path(), fromJson: (json) => json },
  bytes: { codec: bytes(), fromJson: (json) => Uint8Array.from(Buffer.from(text(json), "hex")) },
  decimal: { codec: decimal(), fromJson: (json) => exactDecimal(text(json)) },
  dateTime: { codec: dateTime(), fromJson: (json) => moment(text(json)) },
};

/** @throws Error if the text is not the name of a type */
export function vectorType(name: string): VectorType {
  const tokens = name.match(/[A-Za-z]+|[(),:?]/g) ?? [];
  const type = parse(tokens);
  if (tokens.length > 0) throw new Error(`text after the argument type: ${name}`);
  return type;
}

function parse(tokens: string[]): VectorType {
  const name = tokens.shift() ?? "";
  const plain = PLAIN[name];
  if (plain !== undefined) return plain;
  expectToken(tokens, "(");
  if (name === "listOf") {
    const element = parse(tokens);
    expectToken(tokens, ")");
    return { codec: listOf(element.codec), fromJson: (json) => array(json).map(element.fromJson) };
  }
  if (name !== "ampList") throw new Error(`unknown argument type ${name}`);
  const columns = parseColumns(tokens);
  const fields = Object.fromEntries([...columns].map(([key, type]) => [key, type.codec]));
  const row = (json: Json): unknown =>
    Object.fromEntries(Object.entries(json).map(([key, value]) => [key, columns.get(key)?.fromJson(value)]));
  return { codec: ampList(fields), fromJson: (json) => array(json).map(row) };
}

function parseColumns(tokens: string[]): Map<string, VectorType> {
  const columns = new Map<string, VectorType>();
  do {
    const key = tokens.shift() ?? "";
    const isOptional = tokens[0] === "?";
    if (isOptional) tokens.shift();
    expectToken(tokens, ":");
    const type = parse(tokens);
    columns.set(key, isOptional ? { ...type, codec: optional(type.codec) } : type);
  } while (tokens.shift() === ",");
  return columns;
}

function expectToken(tokens: string[], wanted: string): void {
  if (tokens.shift() !== wanted) throw new Error(`expected ${wanted} in an argument type`);
}

function moment(isoText: string): Temporal.ZonedDateTime {
  return Temporal.ZonedDateTime.from(`${isoText}[${isoText.slice(-6)}]`);
}

function text(json: Json): string {
  if (typeof json !== "string") throw new Error(`not text: ${JSON.stringify(json)}`);
  return json;
}

function array(json: Json): readonly Json[] {
  if (!Array.isArray(json)) throw new Error(`not an array: ${JSON.stringify(json)}`);
  // Array.isArray does not narrow to a readonly array.
  return json as readonly Json[];
}
