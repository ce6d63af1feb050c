/** Limits of one connection: how much memory and time a peer can take. */
import { type BoxLimits, DEFAULT_BOX_LIMITS } from "../wire/box-limits.ts";

/** Limits of one connection. Each is an option; `Infinity` disables it. */
export interface Limits extends BoxLimits {
  /**
   * Milliseconds from the first byte of a received box to its last, without the time in which this end does not read.
   * A slower box closes the connection. Default 300,000.
   */
  readonly boxTimeout: number;
  /**
   * Elements of one received box: items of its lists, rows, and keys of rows. A box with more fails to decode with
   * LimitExceeded. Default 65,536.
   */
  readonly maxElements: number;
  /** Asks whose responders have not finished. At the limit this end stops reading; no ask is rejected. Default 1,000. */
  readonly maxAsksInProgress: number;
  /** Bytes queued during a protocol change (StartTLS or a switch). A call over the limit rejects. Default 1 MiB. */
  readonly maxHeldBytes: number;
  /**
   * Bytes written but not taken by the peer. Over the limit this end stops reading, and a call rejects with
   * LimitExceeded (a no-answer call throws it). Answers are never dropped. If as many bytes are queued during a protocol
   * change that this end has called, the next ask of the peer closes the connection. Default 16 MiB.
   */
  readonly maxUnsentBytes: number;
  /** Milliseconds from a StartTLS ask to the end of its handshake. Default 10,000. */
  readonly handshakeTimeout: number;
  /** Milliseconds without a byte from the peer before the connection is closed. Default `Infinity`. */
  readonly idleTimeout: number;
}

/** Limits that differ from the defaults. `undefined` means the default. */
export type LimitOptions = { readonly [Name in keyof Limits]?: Limits[Name] | undefined };

export const DEFAULT_LIMITS: Limits = {
  ...DEFAULT_BOX_LIMITS,
  boxTimeout: 300_000,
  maxElements: 65_536,
  maxAsksInProgress: 1000,
  maxHeldBytes: 1024 * 1024,
  maxUnsentBytes: 16 * 1024 * 1024,
  handshakeTimeout: 10_000,
  idleTimeout: Number.POSITIVE_INFINITY,
};

/**
 * Returns the defaults, overridden by the given limits.
 * @throws RangeError for a limit that is not a positive number, TypeError for a limit that does not exist
 */
export function resolveLimits(given: LimitOptions = {}): Limits {
  for (const [name, value] of Object.entries(given)) {
    if (!Object.hasOwn(DEFAULT_LIMITS, name)) throw new TypeError(`there is no limit named ${name}`);
    if (value === undefined) continue;
    if (typeof value !== "number" || !(value > 0)) {
      throw new RangeError(`limit ${name} must be a positive number, not ${String(value)}`);
    }
  }
  const defined = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  return { ...DEFAULT_LIMITS, ...defined };
}
