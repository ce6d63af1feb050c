/** Values of arguments as JSON, in the form of `test/interop/twisted/json_values.py`: for comparing without loss, and for vectors. */
import { Decimal } from "decimal.js";
import { Temporal } from "temporal-polyfill";
import { floatText } from "../../src/core/arguments/float.ts";
import { decimalText } from "../../src/core/arguments/python-decimal.ts";

export type Plain = string | boolean | readonly Plain[] | { readonly [key: string]: Plain };

/**
 * A value or an object of values. A bigint is the text of an Integer and a number that of a Float: so `-0`, `NaN` and
 * the digits of a decimal are seen by whatever compares texts.
 */
export function plain(value: unknown): Plain {
  if (typeof value === "string" || typeof value === "boolean") return value;
  if (typeof value === "bigint") return value.toString();
  if (typeof value === "number") return floatText(value);
  if (value instanceof Uint8Array) return Buffer.from(value).toString("hex");
  if (Decimal.isDecimal(value)) return decimalText(value);
  if (value instanceof Temporal.ZonedDateTime) return value.toString({ timeZoneName: "never" });
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== "object" || value === null) throw new TypeError(`no value of an argument: ${value}`);
  const present = Object.entries(value).filter(([, field]) => field !== undefined);
  return Object.fromEntries(present.map(([key, field]) => [key, plain(field)]));
}
