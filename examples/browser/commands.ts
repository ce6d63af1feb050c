/** The commands that page and server share. They are Twisted's too: test/interop/twisted/commands.py declares the same three. */
import { command, float, integer } from "ampwire";

export class ZeroDivisionError extends Error {}

export const Sum = command("Sum", {
  arguments: { a: integer(), b: integer() },
  response: { total: integer() },
  idempotent: true, // sent again when the connection breaks before the answer
});
export const Divide = command("Divide", {
  arguments: { numerator: integer(), denominator: integer() },
  response: { result: float() },
  errors: { ZERO_DIVISION: ZeroDivisionError },
  idempotent: true,
});
/** Whoever serves it asks n Sums back, Sum(i, i) from 0 on, and answers the sum of their totals. */
export const CallBack = command("CallBack", {
  arguments: { n: integer() },
  response: { total: integer() },
});
