/** Which calls and asks a connection accepts at the moment. */

import { ownError } from "../calls/rejection.ts";
import type { AnyCommand } from "../command/types.ts";
import type { AmpError } from "../errors/amp-error.ts";
import { LimitExceeded, TLSNotAvailable, TLSRequired } from "../errors/caller.ts";
import { OnlyOneTLS } from "../errors/only-one-tls.ts";
import type { Kernel } from "./feature.ts";

/** Returns the error that refuses a call, or undefined if it may be made. */
export function refusal(
  kernel: Kernel,
  command: AnyCommand | undefined,
  requiresAnswer: boolean,
  name: string,
): Error | undefined {
  const { callsEnded, options, outbox, limits } = kernel;
  if (kernel.rules.calls === false) return ownError(kernel.whyClosed(), name);
  // The peer has asked for no more calls. TLS may still be started, unless this end closes the connection.
  if (callsEnded !== undefined && (kernel.reason !== undefined || command?.change?.state !== "upgrading"))
    return ownError(callsEnded, name);
  if (options.receiver !== undefined && requiresAnswer) {
    return new TypeError("the receiver gets the answers of this connection: make calls on a BoxDispatcher");
  }
  const change = kernel.rules.boxes === "queued" ? kernel.changes : undefined;
  const full = change?.queueRefusal(name);
  if (full !== undefined) return full;
  const { pending } = outbox;
  if (pending >= limits.maxUnsentBytes) {
    return new LimitExceeded(`${name}: the peer has not taken ${pending} bytes: the limit is maxUnsentBytes`);
  }
  if (change?.upgradeIsCertain === true || command?.change?.state === "upgrading") return undefined;
  if (plaintextForbids(kernel, command)) {
    const missing = kernel.secure ? "before the peer is verified" : "in plaintext: start TLS first";
    return new TLSRequired(`${name} may not be sent ${missing}`);
  }
  const { plaintextRefused } = kernel;
  return plaintextRefused && ownError(plaintextRefused, name);
}

/** True if a command may not be called or served as long as `requireTLS` is not met. Starting TLS is always allowed. */
export function plaintextForbids(
  { options: { requireTLS }, secure, tls }: Pick<Kernel, "secure" | "tls" | "options">,
  command: AnyCommand | undefined,
): boolean {
  if ((requireTLS === undefined || !requireTLS) && command?.requireTLS !== true) return false;
  if (requireTLS !== "verified" && secure) return false;
  return tls?.verified !== true && command?.change?.state !== "upgrading";
}

/** Refuses a call: rejects, or for a call that wants no answer throws, unless the connection has ended. */
export function refuse(kernel: Kernel, reason: Error, requiresAnswer: boolean): Promise<never> | undefined {
  if (requiresAnswer) return Promise.reject(reason);
  if (kernel.rules.calls && kernel.reason === undefined) throw reason;
  return undefined;
}

/** The error for StartTLS and protocol switches on a connection without the feature. */
export function noChanges(secure: boolean): AmpError {
  if (secure)
    return new OnlyOneTLS("the stream uses TLS from its first byte: StartTLS is not possible inside TLS");
  return new TLSNotAvailable(
    "this transport cannot start TLS in mid-stream (over a WebSocket use wss: instead)",
  );
}
