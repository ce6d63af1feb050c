/** Outcomes of promises. The handlers are added at once, so that a rejection is never unhandled. */

import { within } from "./within.ts";

/** Returns the error that a promise rejects with. */
export async function rejection(promise: Promise<unknown>): Promise<Error> {
  const settled = promise.then(
    (value) => ({ value }),
    (error: unknown) => ({ error }),
  );
  const outcome = await within(settled, "a promise to reject");
  if ("value" in outcome)
    throw new Error("the promise was expected to reject, but has resolved", { cause: outcome.value });
  if (outcome.error instanceof Error) return outcome.error;
  throw new Error("the promise was expected to reject with an Error", { cause: outcome.error });
}

/** Records how often a promise has settled, and how. */
export interface Settling {
  readonly how: readonly ("resolved" | "rejected")[];
  readonly over: Promise<void>;
}

export function settling(promise: Promise<unknown>): Settling {
  const how: ("resolved" | "rejected")[] = [];
  const over = promise.then(
    () => void how.push("resolved"),
    () => void how.push("rejected"),
  );
  return {
    how,
    get over() {
      return within(over, "a promise to settle");
    },
  };
}

/** Returns the cause of an error: for a call that the end of its connection has rejected, the reason of the end. */
export function causeOf(error: unknown): unknown {
  return error instanceof Error ? error.cause : undefined;
}

/** Waits for the end of a connection or a client. Returns the reason. */
export function ended<R>({ closed }: { readonly closed: Promise<R> }): Promise<R> {
  return within(closed, "a connection to end");
}
