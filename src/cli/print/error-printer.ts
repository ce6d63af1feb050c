/** Errors of responders, which no caller receives, on standard error. */
import { toCliError } from "../cli-error.ts";
import { MAX_ERROR_CHARACTERS, MAX_VALUE_CHARACTERS } from "../traffic/limits.ts";
import type { Terminal } from "./terminal.ts";
import { shortText } from "./values.ts";

/**
 * Returns a function for the option `onError`.
 * @param program text in place of the command for an error without one: "the server"
 */
export function errorPrinter(
  terminal: Terminal,
  program: string,
): (error: unknown, about: { readonly command: string | undefined }) => void {
  return (error, { command = program }) =>
    terminal.note(
      `${shortText(command, MAX_VALUE_CHARACTERS)}: ${shortText(toCliError(error).message, MAX_ERROR_CHARACTERS)}`,
    );
}
