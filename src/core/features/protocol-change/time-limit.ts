/** The time limit of a protocol change, and the signal that aborts it. */

import type { ProtocolChange } from "../../command/protocol-change.ts";
import type { CallOptions } from "../../command/types.ts";
import type { Limits } from "../../connection/limits.ts";
import { isError } from "../../errors/to-error.ts";
import { ConnectionClosed } from "../../errors/transport.ts";
import { limitTime } from "../../time-limit.ts";
import type { Clock } from "../../transport.ts";

interface TimeSource {
  readonly clock: Clock;
  readonly limits: Pick<Limits, "handshakeTimeout">;
}

/** Called when the change ends before it was made. */
interface Interrupted {
  /** @param limit the limit that was exceeded, for a message */
  expired(limit: string): void;
  /** @param rejection the reason that the caller gave the signal: any value */
  aborted(reason: Error, rejection: unknown): void;
}

/** @returns a function that removes the timer and the abort listener */
export function limitChange(
  kind: ProtocolChange["state"],
  { timeout, signal }: CallOptions,
  { clock, limits: { handshakeTimeout } }: TimeSource,
  interrupted: Interrupted,
): () => void {
  // A handshake has a limit always; the decision about a protocol switch may take long.
  const limit = kind === "upgrading" ? handshakeTimeout : Number.POSITIVE_INFINITY;
  const milliseconds = Math.min(timeout ?? limit, limit);
  return limitTime(clock, { timeout: milliseconds, signal }, (cause) => {
    if (cause === "timeout") return interrupted.expired(`${kind} took longer than ${milliseconds} ms`);
    const reason: unknown = signal?.reason;
    interrupted.aborted(
      isError(reason) ? reason : new ConnectionClosed("the protocol change was aborted"),
      reason,
    );
  });
}
