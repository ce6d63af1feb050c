/** The two commands of `ampserver.py`, the example server in Twisted's documentation. */
import { command, float, integer, locator } from "../../index.ts";

class ZeroDivisionError extends Error {}

const Sum = command("Sum", {
  arguments: { a: integer(), b: integer() },
  response: { total: integer() },
});

const Divide = command("Divide", {
  arguments: { numerator: integer(), denominator: integer() },
  response: { result: float() },
  errors: { ZERO_DIVISION: ZeroDivisionError },
});

export const demo = locator(
  Sum.responder(({ a, b }) => ({ total: a + b })),
  Divide.responder(({ numerator, denominator }) => {
    if (denominator === 0) throw new ZeroDivisionError("float division by zero");
    return { result: numerator / denominator };
  }),
);
