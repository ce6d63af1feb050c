/** Reasons of system errors. */
import { messageOf } from "../../core/errors/to-error.ts";

/** Maximum depth of causes that are searched. */
const MAX_DEPTH = 8;

/**
 * Returns the message of an error. An AggregateError, which Node throws if a name has several addresses, has an empty message:
 * the messages of its errors are returned.
 */
export function reasonOf(error: unknown): string {
  const reasons = reasonsIn(error);
  return reasons.length === 0 ? messageOf(error) : reasons.join("; ");
}

/** Returns the messages of the errors in an AggregateError, which may be a cause of `error`. Each message occurs once. */
export function reasonsIn(error: unknown): readonly string[] {
  const found = causes(error).find((cause) => cause instanceof AggregateError);
  return found instanceof AggregateError ? [...new Set(found.errors.map(reasonOf))] : [];
}

/** Returns the first `code` in an error and its causes for which `isKnown` returns true, for example `ECONNREFUSED`. */
export function systemCode(error: unknown, isKnown: (code: string) => boolean): string | undefined {
  for (const cause of causes(error)) {
    if ("code" in cause && typeof cause.code === "string" && isKnown(cause.code)) return cause.code;
  }
  return undefined;
}

function causes(error: unknown): Error[] {
  const found: Error[] = [];
  for (let cause = error; cause instanceof Error && found.length < MAX_DEPTH; cause = cause.cause)
    found.push(cause);
  return found;
}
