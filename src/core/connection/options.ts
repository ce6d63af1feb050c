/** The options of a connection, and their check. */
import type { AmpConnection, AnyCommand } from "../command/types.ts";
import { checkNotNegative } from "../number-option.ts";
import type { Observer } from "../observer.ts";
import { checkOptionTypes } from "../option-types.ts";
import type { ResponderLocator } from "../serving/locator.ts";
import type { Address, TLSOptions } from "../transport.ts";
import { shownValue } from "../wire/value-text.ts";
import type { BoxReceiver } from "./box-interfaces.ts";
import { type LimitOptions, type Limits, resolveLimits } from "./limits.ts";

/** Options of the heartbeat. Nothing is sent while bytes arrive from the peer anyway. */
export interface HeartbeatOptions {
  /** Milliseconds without a byte from the peer after which this end asks it for an answer. */
  readonly interval: number;
  /** Milliseconds for any byte to arrive after that, before the connection is destroyed. Default: `interval`. */
  readonly timeout?: number | undefined;
  /**
   * Command to call, for peers that ignore an unknown command. It must have an answer and no required arguments. Any answer
   * counts, also an error. Default: the command `ampwire.Heartbeat`, which no peer knows.
   */
  readonly command?: AnyCommand | undefined;
}

/**
 * A function that returns the TLS options for one handshake. If it fails, the upgrade fails. The connection is undefined with
 * `implicitTLS`, whose handshake comes before the connection.
 */
export type TLSProvider = (connection: AmpConnection | undefined) => TLSOptions | Promise<TLSOptions>;

/** Options that `connect`, `listen` and `attach` have in common. */
export interface ConnectionOptions {
  /** Responders for the peer's asks. Default: none; every ask is answered with `UNHANDLED`. */
  readonly locator?: ResponderLocator | undefined;
  /**
   * Receives every box, instead of calls and responders: for protocols of the program's own. Since it receives answers too,
   * the connection makes no calls that want one.
   */
  readonly receiver?: BoxReceiver | undefined;
  /**
   * Certificate and authorities of this end on StartTLS, unless the call or the responder gives them. If the locator has no
   * responder for StartTLS, the peer's StartTLS is answered with these options, as Twisted does. `false`: it is not
   * answered, and only this end can start TLS. A function is called for every handshake, for example to use renewed
   * certificates.
   */
  readonly tls?: TLSOptions | TLSProvider | false | undefined;
  /**
   * Refuses, in both directions, every plaintext ask other than StartTLS. `true` requires encryption only: an attacker can be
   * the peer. `"verified"` also requires that the peer's certificate was verified against authorities. Default false.
   */
  readonly requireTLS?: boolean | "verified" | undefined;
  /** Limits on what the peer can cost this end. */
  readonly limits?: LimitOptions | undefined;
  /** Milliseconds after which a call without a `timeout` of its own rejects with CallTimeout. Default: no limit. */
  readonly callTimeout?: number | undefined;
  /**
   * Captures the caller's stack for each call, so that the errors of all calls have it. It costs some microseconds a
   * call. Without it, the errors have the stack of callers that await the call, which costs nothing; only V8 has this. Default:
   * true if the environment variable NODE_ENV is `development` or `test`.
   */
  readonly callStacks?: boolean | undefined;
  /**
   * Asks a silent peer for an answer, and destroys the connection if none arrives. Every AMP implementation answers, without
   * knowing the command. Not possible together with `receiver`. Default: none.
   */
  readonly heartbeat?: HeartbeatOptions | undefined;
  /**
   * Uses the commands `ampwire.*` with a peer that knows them, so that `close()` loses no call. The accepting end adds the key
   * `_m.ampwire` to its first answer, and to the first one inside TLS; other implementations of AMP ignore it. `false`: no key
   * is sent, nothing is asked, and `ampwire.GoAway` is answered as an unknown command. Default true.
   */
  readonly extensions?: boolean | undefined;
  /**
   * Keeps `context.signal` from aborting when the peer ends its side of the stream. Set it for responders that must finish
   * their answers to a half-closed peer although they watch the signal. Default false.
   */
  readonly finishHalfClosed?: boolean | undefined;
  /**
   * Closes the connection if a responder throws an error that its command does not declare, or any error for an ask that wants
   * no answer, as Twisted does. Default true.
   */
  readonly closeOnUndeclaredError?: boolean | undefined;
  /**
   * Receives errors that no caller receives: undeclared errors of responders, return values that cannot be encoded, all errors
   * of asks that want no answer, violations of the protocol and failed handshakes of the peer, and the reason why a server
   * could not accept a connection. The peer never sees their text. Default: the error goes to `process.emitWarning`, or in a
   * browser to `console.error`, at most 20 times a second; so does an error that `onError` itself throws.
   */
  readonly onError?: ((error: unknown, about: ErrorContext) => void) | undefined;
  /** Receives events of calls and protocol changes, for tracing and metrics. On Node the default is `node:diagnostics_channel`. */
  readonly observer?: Observer | undefined;
}

/** The place of an error that `onError` receives. */
export interface ErrorContext {
  /** The command that was served. Undefined if there was none. */
  readonly command: string | undefined;
  /** Undefined for an error of a server, which could not accept a connection, or of a reconnecting client. */
  readonly connection: AmpConnection | undefined;
  /** Address of the peer, if the error has no connection: a TLS handshake before it has failed. */
  readonly remoteAddress?: Address | undefined;
}

/**
 * Checks the options of a connection, before anything is opened for it and when it is created.
 * @returns the limits, with defaults for those that are not given
 * @throws RangeError, TypeError; InvalidSignature for an invalid locator
 */
export function checkConnectionOptions(
  options: object,
  features: readonly { check?(options: object): void }[],
): Limits {
  const { callTimeout, limits, requireTLS } = options as ConnectionOptions; // programs in JavaScript may pass anything
  checkOptionTypes("connection", options, {
    limits: "object",
    onError: "function",
    callStacks: "boolean",
    observer: "object",
    finishHalfClosed: "boolean",
    closeOnUndeclaredError: "boolean",
    extensions: "boolean",
    secure: "boolean", // over a WebSocket
    clock: "object",
  });
  if (requireTLS !== undefined && requireTLS !== "verified" && typeof requireTLS !== "boolean")
    throw new TypeError(`requireTLS must be true, false or "verified", not ${shownValue(requireTLS)}`);
  for (const kind of features) kind.check?.(options);
  checkNotNegative({ callTimeout });
  return resolveLimits(limits);
}
