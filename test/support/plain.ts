/** Argument values as JSON, in the form of `test/interop/twisted/json_values.py`, for exact comparisons and for vectors. */
import { Decimal } from "decimal.js";
import { Temporal } from "temporal-polyfill";
import { floatText } from "../../src/core/arguments/float.ts";
import { decimalText } from "../../src/core/arguments/python-decimal.ts";

export type Plain = string | boolean | readonly Plain[] | { readonly [key: string]: Plain };

/**
 * Converts a value or an object of values. A bigint becomes the text of an Integer, and a number that of a Float, so that a
 * comparison of texts distinguishes `-0`, `NaN` and the digits of a decimal.
 */
export function plain(value: unknown): Plain {
  if (typeof value === "string" || typeof value === "boolean") return value;
  if (typeof value === "bigint") return value.toString();
  if (typeof value === "number") return floatText(value);
  if (value instanceof Uint8Array) return Buffer.from(value).toString("hex");
  if (Decimal.isDecimal(value)) return decimalText(value);
  if (value instanceof Temporal.ZonedDateTime) return value.toString({ timeZoneName: "never" });
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== "object" || value === null)
    throw new TypeError(`not a value of an argument: ${value}`);
  const present = Object.entries(value).filter(([, field]) => field !== undefined);
  return Object.fromEntries(present.map(([key, field]) => [key, plain(field)]));
}
