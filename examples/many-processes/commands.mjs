/** Commands of the bank: a withdrawal must not be repeated, a question may. */
import { command, integer } from "ampwire";

export const Withdraw = command("Withdraw", {
  arguments: { amount: integer() },
  response: { receipt: integer(), process: integer() },
  requireTLS: true,
});

export const Balance = command("Balance", {
  response: { balance: integer(), process: integer() },
  requireTLS: true,
  idempotent: true,
});
