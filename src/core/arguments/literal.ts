/** Values out of a fixed set. */

import { type InPlaceArgument, inPlaceArgument } from "../schema/argument.ts";
import { shownBytes, shownValue } from "../wire/value-text.ts";
import { readText, writeText } from "./unicode.ts";

/**
 * One of the given texts or numbers, with their union as its type: `literal("low", "high")` is a codec of `"low" | "high"`.
 * A text is sent as UTF-8, like `unicode()`, and a number as its decimal digits, like `integer()`. Only the exact bytes are
 * accepted: neither `01` nor `+1` is 1.
 *
 * @throws TypeError if there is no value, if two values have the same text, or for a number that is not a safe integer
 * @throws TypeError when encoding another value; SyntaxError when decoding other bytes
 */
export function literal<const V extends readonly (string | number)[]>(
  ...values: V
): InPlaceArgument<V[number]> {
  const valueOfText = new Map<string, V[number]>();
  for (const value of values) {
    if (typeof value !== "string" && !(Number.isSafeInteger(value) && !Object.is(value, -0)))
      throw new TypeError(`literal: a text or a safe integer is needed, not ${shownValue(value)}`);
    if (valueOfText.has(String(value)))
      throw new TypeError(`literal: two values have the text ${shownValue(String(value))}`);
    valueOfText.set(String(value), value);
  }
  if (valueOfText.size === 0) throw new TypeError("literal: at least one value is needed");
  const allowed = values.map(shownValue).join(", ");
  // Not by the text: "1" and 1 have the same. A program may pass any object, which may have no text.
  const known = new Set<unknown>(values);
  return inPlaceArgument<V[number]>({
    write(value, out) {
      if (!known.has(value)) throw new TypeError(`one of ${allowed} is needed, not ${shownValue(value)}`);
      writeText(String(value), out);
    },
    read(bytes, start, end) {
      const value = valueOfText.get(readText(bytes, start, end));
      if (value === undefined)
        throw new SyntaxError(`not one of ${allowed}: ${shownBytes(bytes, start, end)}`);
      return value;
    },
  });
}

/**
 * One of the values of an object, for example of a TypeScript enum or of a constant `{ Low: 1, High: 2 } as const`. The value
 * is sent, not its name: see {@link literal}.
 * @throws TypeError as {@link literal}
 */
export function enumeration<const E extends Readonly<Record<string, string | number>>>(
  values: E,
): InPlaceArgument<E[keyof E]> {
  // A JavaScript program may pass a value of any type.
  if (typeof values !== "object" || values === null)
    throw new TypeError(`enumeration: an object is needed, not ${shownValue(values)}`);
  // An enum of numbers also maps each number to its name.
  const names = Object.keys(values).filter((name) => values[values[name] ?? ""] !== Number(name));
  return literal(...new Set(names.map((name) => values[name] as E[keyof E]))); // values of E by its own names
}
