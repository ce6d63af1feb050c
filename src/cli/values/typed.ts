/** Converts command-line arguments to the values of a command, by its codecs. */
import { messageOf } from "../../core/errors/to-error.ts";
import { MAX_VALUE_LENGTH } from "../../core/wire/box-limits.ts";
import type { Argument, Command, Fields } from "../../index.ts";
import { UsageError } from "../cli-error.ts";
import type { TypedArgument } from "./args.ts";
import { numberText } from "./exact-json.ts";

const decoder = new TextDecoder();
const encoder = new TextEncoder();

/** @throws UsageError for arguments that the command does not accept */
export function typedValues(command: Command, args: readonly TypedArgument[]): Record<string, unknown> {
  const values: Record<string, unknown> = {};
  for (const arg of args) {
    const argument = fieldOf(command.arguments, arg.name);
    if (argument === undefined) {
      const names = Object.keys(command.arguments).join(", ") || "none";
      throw new UsageError(`${command.name} has no argument ${JSON.stringify(arg.name)}`, `it has ${names}`);
    }
    try {
      const value = "bytes" in arg ? fromText(argument, arg.bytes) : fromJSON(argument, arg.json);
      check(argument, value);
      values[arg.name] = value;
    } catch (error) {
      throw new UsageError(`${command.name}: ${arg.name}: ${messageOf(error)}`, hint(argument, arg));
    }
  }
  return values;
}

/** @throws UsageError for a required argument without a value */
export function checkComplete(command: Command, values: Readonly<Record<string, unknown>>): void {
  for (const [name, argument] of Object.entries(command.arguments)) {
    const isOptional = "optional" in argument && argument.optional === true;
    // The properties of such a codec have names of their own.
    if (isOptional || "properties" in argument || values[name] !== undefined) continue;
    throw new UsageError(
      `${command.name}: the argument ${JSON.stringify(name)} is missing`,
      `add ${name}=VALUE`,
    );
  }
}

/** Encodes a value as the call will do, so that an invalid one is reported with its name before anything is opened. */
function check(argument: Argument<unknown>, value: unknown): void {
  const isLocal = "local" in argument && argument.local === true;
  // A codec with `toBox` writes to a box of a connection, which does not exist yet.
  if (value === undefined || isLocal || "toBox" in argument) return;
  const { length } = argument.encode(value);
  if (length > MAX_VALUE_LENGTH)
    throw new RangeError(`the value is ${length} bytes long, over the wire's limit of ${MAX_VALUE_LENGTH}`);
}

/** Returns an own field: every object inherits names such as `constructor`. */
function fieldOf(fields: Fields, name: string): Argument<unknown> | undefined {
  return Object.hasOwn(fields, name) ? fields[name] : undefined;
}

/**
 * Decodes text by the codec. Booleans may be written `true` and `false`; AMP writes `True` and `False`. Dates may be written as
 * this tool prints them: AMP always writes seconds and six digits after them.
 */
function fromText(argument: Argument<unknown>, bytes: Uint8Array): unknown {
  const type = argument.description?.type;
  if (type === "Boolean" && bytes.length <= 5)
    return argument.decode(encoder.encode(capital(decoder.decode(bytes))));
  if (type === "DateTime" && bytes.length <= MAX_DATE_BYTES)
    return argument.decode(encoder.encode(completeDate(decoder.decode(bytes))));
  return argument.decode(bytes);
}

/** Longer text is not a date. */
const MAX_DATE_BYTES = 64;
const DATE = /^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d)(?::(\d\d)(?:\.(\d{1,6})0*)?)?(Z|[+-]\d\d:\d\d)$/i;

/** Adds the parts that ISO 8601 allows to omit. Returns other text unchanged. */
function completeDate(text: string): string {
  const [whole, day, minute, second = "00", fraction = "", zone] = DATE.exec(text) ?? [];
  if (whole === undefined) return text;
  return `${day}T${minute}:${second}.${fraction.padEnd(6, "0")}${zone?.replace(/z/i, "+00:00")}`;
}

function capital(text: string): string {
  return text === "true" || text === "false" ? text[0]?.toUpperCase() + text.slice(1) : text;
}

/** Converts JSON to a value of the codec. Numbers and strings are decoded from the text that AMP uses for them. */
function fromJSON(argument: Argument<unknown>, json: unknown): unknown {
  if (json === null) return "nullable" in argument ? null : undefined;
  const { type, element, fields } = argument.description ?? {};
  if (element !== undefined && Array.isArray(json)) return json.map((one) => fromJSON(element, one));
  if (fields !== undefined && Array.isArray(json)) return json.map((row) => rowFromJSON(fields, row));
  if (type === "Float" && typeof json === "number") return json;
  if (isHex(json)) return argument.decode(Buffer.from(json.hex, "hex"));
  // A codec of the user's own may accept any JSON, so it receives the value unchanged.
  if (type === undefined || typeof json === "object" || (typeof json === "string" && type === "Unicode"))
    return json;
  return fromText(argument, encoder.encode(typeof json === "number" ? numberText(json) : String(json)));
}

function rowFromJSON(fields: Fields, row: unknown): unknown {
  if (typeof row !== "object" || row === null) return row; // the codec rejects it
  return Object.fromEntries(
    Object.entries(row).map(([name, value]) => {
      const field = fieldOf(fields, name);
      if (field === undefined) throw new TypeError(`a row has no field ${JSON.stringify(name)}`);
      return [name, fromJSON(field, value)];
    }),
  );
}

/** Returns true for `{ "hex": "..." }`, the form of binary data in the JSON of this tool. */
export function isHex(json: unknown): json is { readonly hex: string } {
  return (
    typeof json === "object" &&
    json !== null &&
    Object.keys(json).length === 1 &&
    "hex" in json &&
    typeof json.hex === "string" &&
    /^(?:[\da-f]{2})*$/i.test(json.hex)
  );
}

function hint(argument: Argument<unknown>, arg: TypedArgument): string {
  const { name } = arg;
  const type = argument.description?.type;
  if (type === undefined) {
    return "bytes" in arg
      ? `${name}:=JSON passes a JSON value to this codec`
      : `${name}=text lets this codec read the text`;
  }
  if (type === "DateTime") return `its type is DateTime, for example ${name}=2024-01-31T12:00:00+01:00`;
  const lists = type === "ListOf" || type === "AmpList";
  return lists ? `${type}: ${name}:='[...]'` : `its type is ${type}`;
}
