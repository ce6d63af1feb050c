/** JSON as one value, checked by a schema if there is one. */

import { messageOf } from "../errors/to-error.ts";
import { type InPlaceArgument, inPlaceArgument } from "../schema/argument.ts";
import { countElements } from "../wire/elements.ts";
import { shownBytes, shownValue } from "../wire/value-text.ts";
import { readText, writeText } from "./unicode.ts";

/**
 * A schema of zod, valibot, arktype or another library that implements Standard Schema (https://standardschema.dev), version 1.
 * @typeParam I type that the schema accepts: the JSON
 * @typeParam T type that the schema returns, which differs from `I` if the schema transforms values
 */
export interface StandardSchema<I = unknown, T = I> {
  readonly "~standard": {
    readonly version: 1;
    readonly vendor: string;
    readonly validate: (value: unknown) => SchemaResult<T> | Promise<SchemaResult<T>>;
    readonly types?: { readonly input: I; readonly output: T } | undefined;
  };
}

/** Result of a schema: the value, or the reasons why there is none. */
export type SchemaResult<T> =
  | { readonly value: T; readonly issues?: undefined }
  | { readonly issues: readonly SchemaIssue[] };

/** One reason for which a schema rejects a value. */
export interface SchemaIssue {
  readonly message: string;
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

/** Schemas list every wrong element. A message shows this many issues. */
const SHOWN_ISSUES = 3;

const QUOTE = 0x22;
const COMMA = 0x2c;
const BRACKET = 0x5b;
const BACKSLASH = 0x5c;
const BRACE = 0x7b;

/**
 * JSON as UTF-8 text, in one value of at most 65535 bytes. `big(json())` has room for more. `T` is not checked: pass a schema
 * to check what a peer sends.
 *
 * Sends the text of `JSON.stringify`, which writes NaN and infinities as `null` and omits properties that are undefined.
 * Accepts any JSON; `NaN` and `Infinity`, which Python writes by default, are not JSON. The elements of arrays and the
 * properties of objects count against `maxElements` of the connection.
 *
 * @throws TypeError when encoding a value that JSON cannot represent, for example undefined, a function or a bigint
 * @throws SyntaxError when decoding text that is not UTF-8 or not JSON
 */
export function json<T = unknown>(): InPlaceArgument<T>;
/**
 * JSON that a schema checks in both directions. The schema must be synchronous. The peer's schema gets the JSON that is sent,
 * so this is the value that is checked before it is sent, for example a text in place of a Date.
 *
 * @throws TypeError for a schema that does not implement Standard Schema
 * @throws TypeError when encoding or decoding a value that the schema rejects; the message has the issues with their paths
 */
export function json<I, T>(schema: StandardSchema<I, T>): InPlaceArgument<T, I>;
export function json<I, T>(schema?: StandardSchema<I, T>): InPlaceArgument<T, I> {
  const check = schema === undefined ? undefined : checkOf(schema);
  return inPlaceArgument<T, I>({
    write(value, out) {
      // `undefined` for a value such as a function, which the type does not say.
      const text = JSON.stringify(value) as string | undefined;
      if (text === undefined) throw new TypeError(`a value of JSON is needed, not ${shownValue(value)}`);
      check?.(JSON.parse(text));
      writeText(text, out);
    },
    read(bytes, start, end) {
      const text = readText(bytes, start, end);
      countElements(elementsOf(text));
      const value = parse(text, bytes, start, end);
      return check === undefined ? (value as T) : check(value); // without a schema, T is what the program expects
    },
  });
}

function parse(text: string, bytes: Uint8Array, start: number, end: number): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new SyntaxError(`not JSON: ${shownBytes(bytes, start, end)}: ${messageOf(cause)}`, { cause });
  }
}

/** Returns the number of arrays, objects and commas, outside of texts. Called before the values take memory. */
function elementsOf(text: string): number {
  let count = 0;
  let quoted = false;
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    if (unit === QUOTE) quoted = !quoted;
    else if (quoted) {
      if (unit === BACKSLASH) at++;
    } else if (unit === COMMA || unit === BRACKET || unit === BRACE) count++;
  }
  return count;
}

function checkOf<T>(schema: StandardSchema<unknown, T>): (value: unknown) => T {
  const standard = schema?.["~standard"];
  if (typeof standard?.validate !== "function")
    throw new TypeError(
      "json: the schema must implement Standard Schema, as those of zod, valibot and arktype do",
    );
  return (value) => {
    const result = standard.validate(value);
    // A schema in JavaScript may return any value.
    if (typeof result !== "object" || result === null)
      throw new TypeError(`the schema returned ${shownValue(result)}, not a result of Standard Schema`);
    if ("then" in result) {
      result.then(undefined, () => {}); // its error would end the process
      throw new TypeError("the schema is asynchronous: codecs need a synchronous one");
    }
    if (result.issues) throw new TypeError(textOf(result.issues)); // some libraries set null
    return result.value;
  };
}

function textOf(issues: readonly SchemaIssue[]): string {
  // A schema in JavaScript may return any value.
  const list: readonly SchemaIssue[] = Array.isArray(issues) ? issues : [];
  if (list.length === 0) return "the schema rejects the value, and gives no reason";
  const shown = list.slice(0, SHOWN_ISSUES).map(({ message, path }) => {
    const names = (path ?? []).map((part) => String(typeof part === "object" ? part?.key : part));
    return names.length === 0 ? message : `${names.join(".")}: ${message}`;
  });
  const more = list.length - shown.length;
  return shown.join("; ") + (more > 0 ? `; and ${more} more` : "");
}
