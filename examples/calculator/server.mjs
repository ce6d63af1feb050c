/** Twisted's `ampserver.py` in JavaScript. `node server.mjs [PORT]` */
import { locator } from "ampwire";
import { listen } from "ampwire/node";
import { Divide, Sum, ZeroDivisionError } from "./commands.mjs";

const server = await listen({
  host: "127.0.0.1",
  port: Number(process.argv[2] ?? 1234),
  locator: locator(
    Sum.responder(({ a, b }) => {
      console.log(`Did a sum: ${a} + ${b} = ${a + b}`);
      return { total: a + b };
    }),
    Divide.responder(({ numerator, denominator }) => {
      if (denominator === 0) throw new ZeroDivisionError("division by zero");
      console.log(`Divided: ${numerator} / ${denominator} = ${numerator / denominator}`);
      return { result: numerator / denominator };
    }),
  ),
});
console.log(`started on port ${server.address().port}`);
