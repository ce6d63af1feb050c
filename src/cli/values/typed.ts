/** What was typed as the values of a command: its codecs say what each is. */
import { messageOf } from "../../core/errors/to-error.ts";
import type { Argument, Command, Fields } from "../../index.ts";
import { UsageError } from "../cli-error.ts";
import type { TypedArgument } from "./args.ts";

const decoder = new TextDecoder();
const encoder = new TextEncoder();

/** @throws Misuse for what does not fit the command */
export function typedValues(command: Command, words: readonly TypedArgument[]): Record<string, unknown> {
  const values: Record<string, unknown> = {};
  for (const word of words) {
    const argument = fieldOf(command.arguments, word.name);
    if (argument === undefined) {
      const names = Object.keys(command.arguments).join(", ") || "none";
      throw new UsageError(`${command.name} has no argument ${JSON.stringify(word.name)}`, `it has ${names}`);
    }
    try {
      values[word.name] = "bytes" in word ? fromText(argument, word.bytes) : fromJSON(argument, word.json);
    } catch (error) {
      throw new UsageError(`${command.name}: ${word.name}: ${messageOf(error)}`, hint(argument, word.name));
    }
  }
  return values;
}

/** Under a name of its own: every object inherits a `constructor`. */
function fieldOf(fields: Fields, name: string): Argument<unknown> | undefined {
  return Object.hasOwn(fields, name) ? fields[name] : undefined;
}

/** Text is what stands on the wire; but nobody should have to write true as True. */
function fromText(argument: Argument<unknown>, bytes: Uint8Array): unknown {
  const type = argument.description?.type;
  if (type === "Boolean" && bytes.length <= 5)
    return argument.decode(encoder.encode(capital(decoder.decode(bytes))));
  return argument.decode(bytes);
}

function capital(text: string): string {
  return text === "true" || text === "false" ? text[0]?.toUpperCase() + text.slice(1) : text;
}

/** JSON as the codec wants it: it goes into lists and rows; a number or a string is read as the wire's text would be. */
function fromJSON(argument: Argument<unknown>, json: unknown): unknown {
  if (json === null) return undefined;
  const { type, element, fields } = argument.description ?? {};
  if (element !== undefined && Array.isArray(json)) return json.map((one) => fromJSON(element, one));
  if (fields !== undefined && Array.isArray(json)) return json.map((row) => rowFromJSON(fields, row));
  if (type === "Float" && typeof json === "number") return json;
  if (isHex(json)) return argument.decode(Buffer.from(json.hex, "hex"));
  // A codec of the user's own takes whatever it takes.
  if (type === undefined || typeof json === "object" || (typeof json === "string" && type === "Unicode"))
    return json;
  return fromText(argument, encoder.encode(String(json)));
}

function rowFromJSON(fields: Fields, row: unknown): unknown {
  if (typeof row !== "object" || row === null) return row; // the codec says what it thinks of it
  return Object.fromEntries(
    Object.entries(row).map(([name, value]) => {
      const field = fieldOf(fields, name);
      if (field === undefined) throw new TypeError(`a row has no field ${JSON.stringify(name)}`);
      return [name, fromJSON(field, value)];
    }),
  );
}

/** How bytes that are no text stand in our JSON. */
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

function hint(argument: Argument<unknown>, name: string): string | undefined {
  const type = argument.description?.type;
  if (type === undefined) return undefined;
  const lists = type === "ListOf" || type === "AmpList";
  return lists ? `${type}: ${name}:='[...]'` : `it is of AMP's type ${type}`;
}
