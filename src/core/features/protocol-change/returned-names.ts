/** The check of the names that the responder of an upgrade returns. Other responders may return undeclared values. */
import type { AnyCommand } from "../../command/types.ts";
import { BadLocalReturn } from "../../errors/responder.ts";
import { unknownOption } from "../../option-names.ts";
import type { Values } from "../../schema/field.ts";

/**
 * A misspelt `tls_verifyAuthorities` would disable verification.
 * @throws BadLocalReturn for a name that the command does not declare
 */
export function checkReturnedNames(command: AnyCommand, values: Values): void {
  const declared: unknown = Reflect.get(command, "response"); // only a command of the program's own has none
  if (typeof declared !== "object" || declared === null) return;
  const known = Object.keys(declared);
  for (const name in values) {
    if (known.includes(name)) continue;
    throw new BadLocalReturn(unknownOption(`the responder of ${command.name} returned`, name, known).message);
  }
}
