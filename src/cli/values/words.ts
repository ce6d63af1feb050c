/** Values as they are typed: `name=text`, `name=@file`, `name:=json`, `name:=@file`. */
import { readFileSync } from "node:fs";
import { reasonOf } from "../../core/errors/thrown.ts";
import { Misuse } from "../complaint.ts";
import { exactJSON } from "./exact-json.ts";

/** What was typed, not yet of any type. */
export type TypedWord =
  | { readonly name: string; readonly bytes: Uint8Array }
  | { readonly name: string; readonly json: unknown };

const WORD = /^(.+?)(:=@|:=|=@|=)(.*)$/s;

/** @throws Misuse, also where two words are for one name */
export function parseWords(words: readonly string[]): TypedWord[] {
  const typed = words.map(parseWord);
  const names = typed.map(({ name }) => name);
  const twice = names.find((name, index) => names.indexOf(name) < index);
  if (twice !== undefined) throw new Misuse(`${twice} is given twice`);
  return typed;
}

/** @throws Misuse */
export function parseWord(word: string): TypedWord {
  const [, name, operator, rest] = WORD.exec(word) ?? [];
  if (name === undefined || operator === undefined || rest === undefined) {
    throw new Misuse(`${JSON.stringify(word)} is no argument`, "name=text, name=@file or name:=json");
  }
  const fromFile = operator.endsWith("@");
  const bytes = fromFile ? contents(rest) : Buffer.from(rest);
  if (!operator.startsWith(":")) return { name, bytes };
  try {
    return { name, json: exactJSON(bytes.toString("utf8")) };
  } catch (error) {
    const reason = reasonOf(error);
    if (error instanceof RangeError) throw new Misuse(`${name}: ${reason}`, "in quotes it is exact");
    throw new Misuse(`${name} is not JSON: ${reason}`, `${name}=text sends text as it is`);
  }
}

function contents(path: string): Buffer {
  try {
    return readFileSync(path === "-" ? 0 : path);
  } catch (cause) {
    const reason = reasonOf(cause);
    throw new Misuse(`cannot read ${path}: ${reason}`, "name:='\"@text\"' sends a text that begins with @");
  }
}
