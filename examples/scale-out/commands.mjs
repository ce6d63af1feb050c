/** The commands of the service `calc`. */
import { command, integer, unicode } from "ampwire";

export const Sum = command("Sum", {
  arguments: { a: integer(), b: integer() },
  response: { total: integer(), worker: unicode() },
  idempotent: true,
});
