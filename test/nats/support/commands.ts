/** Commands of the tests over NATS. */
import { bigBytes, command, declaredError, float, integer, unicode } from "ampwire";

export class ZeroDivision extends Error {}
export class Broken extends Error {}

const sum = { arguments: { a: integer(), b: integer() }, response: { total: integer() } };
/** Idempotent. */
export const Sum = command("Sum", { ...sum, idempotent: true });
/** The same, but not idempotent. */
export const SumOnce = command("SumOnce", sum);
export const Divide = command("Divide", {
  arguments: { numerator: integer(), denominator: integer() },
  response: { result: float() },
  errors: { ZERO_DIVISION: ZeroDivision },
  fatalErrors: { BROKEN: Broken },
});
export class NoSuchKey extends Error {
  readonly key: string;
  constructor(message: string, { key }: { key: string }) {
    super(message);
    this.key = key;
  }
}
export const Get = command("Get", {
  arguments: { key: unicode() },
  errors: { NO_SUCH_KEY: declaredError(NoSuchKey, { key: unicode() }) },
});
export const Echo = command("Echo", { arguments: { data: bigBytes() }, response: { data: bigBytes() } });
export const Secret = command("Secret", { response: { text: unicode() }, requireTLS: true });
export const WhoAmI = command("WhoAmI", { response: { text: unicode() } });
export const Note = command("Note", { arguments: { text: unicode() }, requiresAnswer: false });
export const Odd = command("a.b*c>d e%é", { response: { n: integer() } });
export const News = command("News", { arguments: { text: unicode() }, requiresAnswer: false });
export const YourName = command("YourName", { response: { name: unicode() } });
