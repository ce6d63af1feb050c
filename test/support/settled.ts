/** How promises end. The handlers are there from the first moment, so that a rejection is never an unhandled one. */

/** The error that a promise rejects with. */
export async function rejection(promise: Promise<unknown>): Promise<Error> {
  const outcome = await promise.then(
    (value) => ({ value }),
    (error: unknown) => ({ error }),
  );
  if ("value" in outcome) throw new Error("this was to reject, and has resolved", { cause: outcome.value });
  if (outcome.error instanceof Error) return outcome.error;
  throw new Error("this was to reject with an error", { cause: outcome.error });
}

/** Says how often a promise has been settled so far, and how. */
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
  return { how, over };
}
