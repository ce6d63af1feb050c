/** Limits of one connection: how much memory and time a peer can take. */
import { checkPositive } from "../number-option.ts";
import { checkOptionNames } from "../option-names.ts";
import { type BoxLimits, DEFAULT_BOX_LIMITS } from "../wire/box-limits.ts";

/** Limits of one connection. Each is an option; `Infinity` disables it. */
export interface Limits extends BoxLimits {
  /**
   * Milliseconds from the first byte of a received box to its last, without the time in which this end does not read.
   * A slower box closes the connection. Default 300,000.
   */
  readonly boxTimeout: number;
  /**
   * Asks whose responders run at the same time. At the limit this end stops reading. While a call of its own waits for an
   * answer it reads on, and queues further asks up to `maxBytesInProgress`. Default 1,000.
   */
  readonly maxAsksInProgress: number;
  /**
   * Weight of the asks whose responders have not finished and of the queued asks, in bytes: a bound of the memory that they
   * take (`weightOf` in `wire/elements.ts`). At the limit this end stops reading. While a call of its own waits for an answer
   * it reads on, and refuses further asks with the error code `UNAVAILABLE`. Default 16 MiB.
   */
  readonly maxBytesInProgress: number;
  /**
   * Items of lists, rows, and keys of rows in one received box, parts of JSON, and decompressed bytes, 128 of which are one
   * element. A box with more is rejected, like any box that cannot be read. Default 65,536.
   */
  readonly maxElements: number;
  /**
   * Milliseconds for which reading may be stopped by the limits on asks while no ask finishes and no more asks can be queued.
   * Then the connection is closed: a lost peer would not be noticed. Default 60,000.
   */
  readonly pauseTimeout: number;
  /** Bytes queued during a protocol change (StartTLS or a switch). A call over the limit rejects. Default 1 MiB. */
  readonly maxHeldBytes: number;
  /**
   * Bytes written but not taken by the peer. Over the limit this end stops reading, and a call rejects with
   * LimitExceeded (a no-answer call throws it). Answers are never dropped. If as many bytes are queued during a protocol
   * change that this end has called, the next ask of the peer closes the connection. Default 16 MiB.
   */
  readonly maxUnsentBytes: number;
  /** Milliseconds in which the peer takes none of the bytes that wait to be sent, before the connection is closed. Default 60,000. */
  readonly unsentTimeout: number;
  /** Calls that have timed out or were aborted, and that the peer has not answered. More close the connection. Default 10,000. */
  readonly maxAbandonedCalls: number;
  /**
   * Bytes that are buffered while reading is paused, over a WebSocket that cannot be paused (that of a browser or of Node).
   * More bytes close the connection with LimitExceeded. Default 16 MiB.
   */
  readonly maxBufferedBytes: number;
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
  maxAsksInProgress: 1000,
  maxBytesInProgress: 16 * 1024 * 1024,
  maxElements: 65_536,
  pauseTimeout: 60_000,
  maxHeldBytes: 1024 * 1024,
  maxUnsentBytes: 16 * 1024 * 1024,
  unsentTimeout: 60_000,
  maxAbandonedCalls: 10_000,
  maxBufferedBytes: 16 * 1024 * 1024,
  handshakeTimeout: 10_000,
  idleTimeout: Number.POSITIVE_INFINITY,
};

/**
 * Returns the defaults, overridden by the given limits.
 * @throws RangeError for a limit that is not a positive number, TypeError for a limit that does not exist
 */
export function resolveLimits(given?: LimitOptions): Limits {
  if (given === undefined) return DEFAULT_LIMITS; // shared by all connections without limits of their own
  const limits: { -readonly [Name in keyof Limits]: Limits[Name] } = { ...DEFAULT_LIMITS };
  const names = Object.keys(limits) as (keyof Limits)[]; // of an object literal of this type
  checkOptionNames("limits", given, names);
  for (const name of names) limits[name] = given[name] ?? limits[name];
  checkPositive(limits);
  return limits;
}
