/** What the wire can carry, and how much of it one connection may cost us. */

/** The longest key, in bytes: the first byte of a key's length is always 0. */
export const MAX_KEY_LENGTH = 0xff;
/** The longest value, in bytes: what a two-byte length can tell. */
export const MAX_VALUE_LENGTH = 0xffff;

/** Bounds on what one connection may cost us. Every one is an option; `Infinity` switches one off. */
export interface Limits {
  /** Bytes of one received box. A longer one closes the connection. Default 1 MiB. */
  readonly maxBoxBytes: number;
  /** Keys of one received box. More close the connection. Default 1,000. */
  readonly maxBoxKeys: number;
  /**
   * Milliseconds from the first byte of a received box to its last, without those in which we do not read. A slower one
   * closes the connection. Default 300,000.
   */
  readonly boxTimeout: number;
  /** Asks whose responders have not finished. Past it we stop reading; nothing is refused. Default 1,000. */
  readonly maxAsksInProgress: number;
  /** Bytes held back while a protocol change (StartTLS, a switch) is under way. A call past it rejects. Default 1 MiB. */
  readonly maxHeldBytes: number;
  /**
   * Bytes written but not taken by the peer. Past it we stop reading, and a call rejects with
   * LimitExceeded (a no-answer call throws it). Answers are never dropped. While so much is held back for a protocol
   * change that we have asked for, one more ask of the peer closes the connection. Default 16 MiB.
   */
  readonly maxUnsentBytes: number;
  /**
   * Bytes that are buffered while reading is paused, over a WebSocket that cannot be paused (that of a browser or of Node).
   * More bytes close the connection with LimitExceeded. Default 16 MiB.
   */
  readonly maxBufferedBytes: number;
  /** Milliseconds from a StartTLS ask to the end of its handshake. Default 10,000. */
  readonly handshakeTimeout: number;
  /** Milliseconds without a byte from the peer, after which the connection is given up. Default `Infinity`. */
  readonly idleTimeout: number;
}

/** For boxes that are our own, or that somebody else has bounded already. */
export const UNBOUNDED: Pick<Limits, "maxBoxBytes" | "maxBoxKeys"> = {
  maxBoxBytes: Number.POSITIVE_INFINITY,
  maxBoxKeys: Number.POSITIVE_INFINITY,
};

/** Those that are not to be the default; `undefined` is the default too. */
export type LimitOptions = { readonly [Name in keyof Limits]?: Limits[Name] | undefined };

/** What holds where nothing is said. */
export const DEFAULT_LIMITS: Limits = {
  maxBoxBytes: 1024 * 1024,
  maxBoxKeys: 1000,
  boxTimeout: 300_000,
  maxAsksInProgress: 1000,
  maxHeldBytes: 1024 * 1024,
  maxUnsentBytes: 16 * 1024 * 1024,
  maxBufferedBytes: 16 * 1024 * 1024,
  handshakeTimeout: 10_000,
  idleTimeout: Number.POSITIVE_INFINITY,
};

/**
 * The defaults with the given ones over them.
 * @throws RangeError for a limit that is not a positive number, TypeError for one that does not exist
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
