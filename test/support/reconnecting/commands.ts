/** The commands that the tests of `reconnecting` call. */
import { command, integer, optional, unicode } from "ampwire";

export const Add = command("Add", {
  arguments: { a: integer(), b: integer() },
  response: { total: integer() },
});
export const add = Add.responder(({ a, b }) => ({ total: a + b }));
export const Note = command("Note", { arguments: { text: unicode() }, requiresAnswer: false });
export const Hang = command("Hang");
export const HangSafely = command("HangSafely", {
  idempotent: true,
  arguments: { id: optional(integer()) },
  response: { run: integer() },
});
