/** How long a protocol change may take, and the signal that calls it off. */

import type { ProtocolChange } from "../../command/protocol-change.ts";
import type { CallOptions } from "../../command/types.ts";
import { ConnectionClosed } from "../../errors/transport.ts";
import type { Clock } from "../../transport.ts";
import type { Limits } from "../../wire/box-limits.ts";

/** What runs out while the change is under way. */
interface ChangeTime {
  readonly clock: Clock;
  readonly limits: Pick<Limits, "handshakeTimeout">;
}

/** Who hears that the change is over before it was made. */
interface Cutoff {
  /** @param bound what has run out, for a message */
  expired(bound: string): void;
  /** @param rejection what the caller gave the signal as its reason: any value */
  aborted(reason: Error, rejection: unknown): void;
}

/** @returns what ends the time limit and the listening to the signal */
export function limitChange(
  kind: ProtocolChange["state"],
  { timeout, signal }: CallOptions,
  { clock, limits: { handshakeTimeout } }: ChangeTime,
  cutoff: Cutoff,
): () => void {
  // Whether to switch the protocol may take thought; a handshake may not take time.
  const bound = kind === "upgrading" ? handshakeTimeout : Number.POSITIVE_INFINITY;
  const milliseconds = timeout !== undefined && timeout < bound ? timeout : bound; // NaN lifts no bound
  const expired = () => cutoff.expired(`${kind} took longer than ${milliseconds} ms`);
  const aborted = () => {
    const reason: unknown = signal?.reason;
    cutoff.aborted(
      reason instanceof Error ? reason : new ConnectionClosed("the protocol change was aborted"),
      reason,
    );
  };
  const timer = Number.isFinite(milliseconds) ? clock.setTimeout(expired, milliseconds) : undefined;
  signal?.addEventListener("abort", aborted, { once: true });
  return () => {
    if (timer !== undefined) clock.clearTimeout(timer);
    signal?.removeEventListener("abort", aborted);
  };
}
