/** Values as they are typed: `name=text`, `name=@file`, `name:=json`, `name:=@file`. */
import { readFileSync } from "node:fs";
import { messageOf } from "../../core/errors/to-error.ts";
import { UsageError } from "../cli-error.ts";
import { exactJSON } from "./exact-json.ts";

/** What was typed, not yet of any type. */
export type TypedArgument =
  | { readonly name: string; readonly bytes: Uint8Array }
  | { readonly name: string; readonly json: unknown };

const WORD = /^(.+?)(:=@|:=|=@|=)(.*)$/s;

/** @throws Misuse, also where two words are for one name */
export function parseArgs(words: readonly string[]): TypedArgument[] {
  const typed = words.map(parseArg);
  const names = typed.map(({ name }) => name);
  const twice = names.find((name, index) => names.indexOf(name) < index);
  if (twice !== undefined) throw new UsageError(`${twice} is given twice`);
  return typed;
}

/** @throws Misuse */
export function parseArg(word: string): TypedArgument {
  const [, name, operator, rest] = WORD.exec(word) ?? [];
  if (name === undefined || operator === undefined || rest === undefined) {
    throw new UsageError(`${JSON.stringify(word)} is no argument`, "name=text, name=@file or name:=json");
  }
  const fromFile = operator.endsWith("@");
  const bytes = fromFile ? contents(rest) : Buffer.from(rest);
  if (!operator.startsWith(":")) return { name, bytes };
  try {
    return { name, json: exactJSON(bytes.toString("utf8")) };
  } catch (error) {
    const reason = messageOf(error);
    if (error instanceof RangeError) throw new UsageError(`${name}: ${reason}`, "in quotes it is exact");
    throw new UsageError(`${name} is not JSON: ${reason}`, `${name}=text sends text as it is`);
  }
}

function contents(path: string): Buffer {
  try {
    return readFileSync(path === "-" ? 0 : path);
  } catch (cause) {
    const reason = messageOf(cause);
    throw new UsageError(
      `cannot read ${path}: ${reason}`,
      "name:='\"@text\"' sends a text that begins with @",
    );
  }
}
