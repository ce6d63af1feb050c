/** Parses the arguments of `ampwire call`: `name=text`, `name=@file`, `name:=json`, `name:=@file`. */
import { readFileSync } from "node:fs";
import { messageOf } from "../../core/errors/to-error.ts";
import { UsageError } from "../cli-error.ts";
import { readFailure } from "../read-failure.ts";
import { exactJSON } from "./exact-json.ts";

/** An argument from the command line, before its codec converts it. */
export type TypedArgument =
  | { readonly name: string; readonly bytes: Uint8Array }
  | { readonly name: string; readonly json: unknown };

const ARGUMENT = /^(.+?)(:=@|:=|=@|=)(.*)$/s;

/** @throws UsageError for a malformed argument, or a name that occurs twice */
export function parseArgs(args: readonly string[]): TypedArgument[] {
  if (args.filter(readsInput).length > 1)
    throw new UsageError("standard input can be the value of one argument only", "write the others to files");
  const typed = args.map(parseArg);
  const names = new Set<string>();
  for (const { name } of typed) {
    if (names.has(name)) throw new UsageError(`the argument ${JSON.stringify(name)} occurs twice`);
    names.add(name);
  }
  return typed;
}

/** Returns true for `name=@-` and `name:=@-`. */
function readsInput(arg: string): boolean {
  const [, , operator, rest] = ARGUMENT.exec(arg) ?? [];
  return operator?.endsWith("@") === true && rest === "-";
}

/** @throws UsageError */
export function parseArg(arg: string): TypedArgument {
  const [, name, operator, rest] = ARGUMENT.exec(arg) ?? [];
  if (name === undefined || operator === undefined || rest === undefined) {
    throw new UsageError(
      `${JSON.stringify(arg)} is not an argument`,
      "use name=text, name=@file or name:=json",
    );
  }
  const fromFile = operator.endsWith("@");
  const bytes = fromFile ? contents(rest) : Buffer.from(rest);
  if (!operator.startsWith(":")) return { name, bytes };
  try {
    return { name, json: exactJSON(bytes.toString("utf8")) };
  } catch (error) {
    const reason = messageOf(error);
    if (error instanceof RangeError)
      throw new UsageError(`${name}: ${reason}`, "quote it to send it exactly");
    throw new UsageError(`${name} is not JSON: ${reason}`, `${name}=text sends plain text`);
  }
}

function contents(path: string): Buffer {
  try {
    return readFileSync(path === "-" ? 0 : path);
  } catch (cause) {
    throw readFailure(path, cause, "name:='\"@text\"' sends a text that begins with @");
  }
}
