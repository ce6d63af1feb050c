/** Commands of the bank: a withdrawal must not be repeated, a question may. */
import { command, integer, unicode } from "ampwire";

export const Withdraw = command("Withdraw", {
  arguments: { id: unicode(), amount: integer() },
  response: { receipt: unicode(), process: integer() },
  requireTLS: true,
});

export const Balance = command("Balance", {
  arguments: { id: unicode() },
  response: { balance: integer(), process: integer() },
  requireTLS: true,
  idempotent: true,
});
