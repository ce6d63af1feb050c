/** What may be called, or served, at the moment. */
import type { AnyCommand } from "../command/types.ts";
import { LimitExceeded, TLSRequired } from "../errors/caller.ts";
import type { Kernel } from "./kernel.ts";

/** Why a call cannot be made now. */
export function refusal(
  kernel: Kernel,
  command: AnyCommand | undefined,
  requiresAnswer: boolean,
): Error | undefined {
  const { options, outbox: output, limits } = kernel;
  if (!kernel.rules.calls) return kernel.whyClosed();
  if (requiresAnswer && options.receiver !== undefined) {
    return new TypeError("the answer would go to the receiver: make the calls on a BoxDispatcher");
  }
  const { pending } = output;
  // What is held back is a part of what is pending.
  if (pending >= limits.maxHeldBytes && output.held >= limits.maxHeldBytes) {
    return new LimitExceeded(`${output.held} bytes are held back already: the limit is maxHeldBytes`);
  }
  if (pending >= limits.maxUnsentBytes) {
    return new LimitExceeded(`the peer has not taken ${pending} bytes: the limit is maxUnsentBytes`);
  }
  if (plaintextForbids(kernel, command) && !kernel.changes?.certain) {
    return new TLSRequired(`${command?.name ?? "a call"} may not be sent in plaintext: start TLS first`);
  }
  return undefined;
}

/** Whether only TLS would make this command safe to call or to serve. Starting TLS itself is always allowed. */
export function plaintextForbids(
  { secure, options }: Pick<Kernel, "secure" | "options">,
  command: AnyCommand | undefined,
): boolean {
  if (options.requireTLS !== true && command?.requireTLS !== true) return false;
  return !secure && command?.change?.state !== "upgrading";
}

/** A call that is not made: a rejected promise, or for one that wants no answer an error, if it is the caller's. */
export function refuse(reason: Error, requiresAnswer: boolean): Promise<never> | undefined {
  if (requiresAnswer) return Promise.reject(reason);
  if (reason instanceof LimitExceeded || reason instanceof TLSRequired) throw reason;
  return undefined;
}
