/** Commands of Twisted's example `ampserver.py`. */
import { command, float, integer } from "ampwire";

export class ZeroDivisionError extends Error {}

export const Sum = command("Sum", {
  arguments: { a: integer(), b: integer() },
  response: { total: integer() },
});
export const Divide = command("Divide", {
  arguments: { numerator: integer(), denominator: integer() },
  response: { result: float() },
  errors: { ZERO_DIVISION: ZeroDivisionError },
});
