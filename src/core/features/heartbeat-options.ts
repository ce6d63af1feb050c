/** What a heartbeat may be told. */

/** What a heartbeat asks for. A peer that does serve it may answer what it likes. */
export const HEARTBEAT_COMMAND = "ampwire.Heartbeat";

/** Nothing is sent while the peer is heard of anyway. */
export interface HeartbeatOptions {
  /** Milliseconds without a byte from the peer, after which it is asked for a sign of life. */
  readonly interval: number;
  /** Milliseconds that it has for any sign of life, before the connection is destroyed. Default: `interval`. */
  readonly timeout?: number | undefined;
}

/** @throws RangeError for milliseconds that are not a positive number, TypeError for what does not go together */
export function checkHeartbeat({
  heartbeat,
  receiver,
}: {
  readonly heartbeat?: HeartbeatOptions | undefined;
  readonly receiver?: unknown;
}): void {
  if (heartbeat === undefined) return;
  const { interval, timeout = interval } = heartbeat;
  for (const [name, value] of Object.entries({ interval, timeout })) {
    if (typeof value !== "number" || !(value > 0)) {
      throw new RangeError(`heartbeat: ${name} must be a positive number, not ${String(value)}`);
    }
  }
  if (receiver !== undefined) {
    throw new TypeError("a heartbeat is a call, and a connection with a receiver makes none");
  }
}
