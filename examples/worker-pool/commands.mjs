/** Commands of the workers. */
import { command, integer } from "ampwire";

export const CountPrimes = command("CountPrimes", {
  arguments: { from: integer(), to: integer() },
  response: { count: integer(), worker: integer() },
  idempotent: true,
});
export const Crash = command("Crash");
