/** Commands of the page and the server. test/interop/twisted/commands.py defines the same three for Twisted. */
import { command, float, integer } from "ampwire";

export class ZeroDivisionError extends Error {}

export const Sum = command("Sum", {
  arguments: { a: integer(), b: integer() },
  response: { total: integer() },
  idempotent: true, // sent again if the connection breaks before the answer
});
export const Divide = command("Divide", {
  arguments: { numerator: integer(), denominator: integer() },
  response: { result: float() },
  errors: { ZERO_DIVISION: ZeroDivisionError },
  idempotent: true,
});
/** Its responder calls Sum(i, i) at the caller for each i from 0 to n - 1, and returns the sum of the totals. */
export const CallBack = command("CallBack", {
  arguments: { n: integer() },
  response: { total: integer() },
});
