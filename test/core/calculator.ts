/** Commands and responders shared by many tests of the core. */
import { command, float, integer, locator, type ResponderLocator, unicode } from "ampwire";
import { deferred } from "../support/deferred.ts";

export class ZeroDivisionError extends Error {}
export class Overheated extends Error {}

export const Sum = command("Sum", {
  arguments: { a: integer(), b: integer() },
  response: { total: integer() },
});
export const Divide = command("Divide", {
  arguments: { numerator: integer(), denominator: integer() },
  response: { result: float() },
  errors: { ZERO_DIVISION: ZeroDivisionError },
  fatalErrors: { OVERHEATED: Overheated },
});
export const Note = command("Note", { arguments: { text: unicode() }, requiresAnswer: false });
export const Wait = command("Wait", { response: { after: unicode() } });

/** An ask of Sum as it is sent on the wire. */
export const SUM = { _ask: "1", _command: "Sum", a: "1", b: "2" };
export const TOTAL = { _answer: "1", total: "3" };

export const summing = Sum.responder(({ a, b }) => ({ total: a + b }));

export interface Calculator {
  readonly locator: ResponderLocator;
  /** Texts of the notes received so far. */
  readonly notes: readonly string[];
  /** Number of asks of Wait without an answer. */
  readonly waiting: number;
  /** Answers every Wait in progress. */
  answer(after: string): void;
}

export function calculator(): Calculator {
  const notes: string[] = [];
  const waits: ((after: string) => void)[] = [];
  return {
    notes,
    get waiting() {
      return waits.length;
    },
    answer(after) {
      for (const answer of waits.splice(0)) answer(after);
    },
    locator: locator(
      summing,
      Divide.responder(({ numerator, denominator }) => {
        if (denominator === 0) throw new ZeroDivisionError("division by zero");
        if (denominator === 13) throw new Overheated("too hot");
        return { result: numerator / denominator };
      }),
      Note.responder(({ text }) => {
        notes.push(text);
      }),
      Wait.responder(async () => {
        const answered = deferred<string>();
        waits.push(answered.resolve);
        return { after: await answered.promise };
      }),
    ),
  };
}
