/** Options that several functions of the entry point have, and their checks. */
import type { CloseOptions } from "../core/command/types.ts";
import { type LimitOptions, type Limits, resolveLimits } from "../core/connection/limits.ts";
import { checkLimit, checkNotNegative, checkPositive } from "../core/number-option.ts";
import { CLOSE_OPTIONS, checkOptionNames } from "../core/option-names.ts";
import { checkOptionTypes } from "../core/option-types.ts";
import { platformClock } from "../core/platform-clock.ts";
import type { QueueLimits } from "../core/reconnecting/options.ts";
import { checkSignal } from "../core/time-limit.ts";
import type { Clock } from "../core/transport.ts";
import { wrongType } from "../core/wire/value-text.ts";
import type { CallRules } from "./call.ts";
import { mayCarrySecrets } from "./encryption.ts";
import { type Link, linkOf } from "./link.ts";
import type { NatsConnectionLike } from "./nats-connection.ts";
import { checkInboxPrefix } from "./subjects.ts";
import { WaitingCalls } from "./waiting-calls.ts";

/** Options of everything that uses a NATS connection. */
export interface NatsOptions {
  /** Limits of one box: `maxBoxBytes`, `maxBoxKeys` and `maxElements`. Limits of a byte stream have no effect. */
  readonly limits?: Pick<LimitOptions, "maxBoxBytes" | "maxBoxKeys" | "maxElements"> | undefined;
  /**
   * Allows commands with `requireTLS` over a NATS connection without TLS: for a private network that the program trusts.
   * Connections to this machine need no permission. Default false.
   */
  readonly trustNetwork?: boolean | undefined;
  /**
   * Prefix of the subjects on which answers arrive. It must be that of the NATS user's permissions. Default `_INBOX`. All users
   * of an account can read each other's answers there: give each user a prefix of its own.
   */
  readonly inboxPrefix?: string | undefined;
  /** Source of time, for tests. Default: the platform's. */
  readonly clock?: Clock | undefined;
}

/** Options of calls over NATS. */
export interface NatsCallOptions extends NatsOptions {
  /** Milliseconds after which a call without a `timeout` of its own rejects with CallTimeout. Default: no limit. */
  readonly callTimeout?: number | undefined;
  /**
   * Milliseconds for which a call that was not executed is made again: because no worker serves the command, the workers are at
   * their limits, or there is no connection to NATS. Then the call rejects with NoResponders. Default 2,000.
   */
  readonly patience?: number | undefined;
  /**
   * Number of attempts of a call that may have been executed. Only calls of `idempotent` commands are made again. A call that
   * crashes its worker crashes so many workers. Default 2.
   */
  readonly maxAttempts?: number | undefined;
  /**
   * Milliseconds without an answer or a heartbeat after which the callee counts as lost. Workers send a heartbeat each second
   * for each call. Default 3,000.
   */
  readonly silence?: number | undefined;
  /** Limits on the calls that wait for a connection to NATS or for a worker. A call over a limit rejects with LimitExceeded. */
  readonly queue?: QueueLimits | undefined;
  /** Returns the trace context of a call, as the header `traceparent` of W3C. Default: none. */
  readonly traceparent?: (() => string | undefined) | undefined;
}

export const NATS_OPTIONS = ["limits", "trustNetwork", "inboxPrefix", "clock"] as const;
export const NATS_CALL_OPTIONS = [
  ...NATS_OPTIONS,
  "callTimeout",
  "patience",
  "maxAttempts",
  "silence",
  "queue",
  "traceparent",
] as const;

const DEFAULT_PATIENCE = 2_000;
const DEFAULT_ATTEMPTS = 2;
const DEFAULT_SILENCE = 3_000;

const METHODS = ["publish", "subscribe", "flush", "status", "isClosed", "isDraining", "getServer"] as const;

/** Checks what every function is given first. @throws InvalidSignature */
export function checkNats(what: string, nats: unknown): void {
  const given = (nats ?? {}) as Partial<NatsConnectionLike>; // a program in JavaScript may pass anything
  if (!METHODS.every((name) => typeof given[name] === "function"))
    throw wrongType(`${what}: the first argument`, "a NATS connection", nats);
}

/** Types of all options of the entry point that are not numbers, text or objects with a check of their own. */
const TYPES = {
  trustNetwork: "boolean",
  closeOnUndeclaredError: "boolean",
  limits: "object",
  metadata: "object",
  clock: "object",
  onError: "function",
  observer: "object",
  identify: "function",
  traceparent: "function",
} as const;

/**
 * Checks the names and the types of options.
 * @param what the function that has these options, for messages
 * @throws TypeError
 */
export function checkOptions(what: string, options: object | undefined, names: readonly string[]): void {
  checkOptionNames(what, options, names);
  if (options !== undefined) checkOptionTypes(what, options, TYPES);
}

/** Milliseconds that `close()` takes at most at the end of `await using`, as for a connection. */
export const DISPOSE_TIMEOUT_MS = 10_000;

/** Checks the options of `close()`. @throws RangeError, TypeError */
export function checkClose(options: CloseOptions): void {
  checkOptionNames("close", options, CLOSE_OPTIONS);
  checkNotNegative({ timeout: options.timeout });
  checkSignal(options.signal);
}

/** Returns the link that the options select. @throws InvalidSignature */
export function linkFor(nats: NatsConnectionLike, { clock = platformClock, inboxPrefix }: NatsOptions): Link {
  return linkOf(nats, clock, inboxPrefix === undefined ? "_INBOX" : checkInboxPrefix(inboxPrefix));
}

export function limitsOf({ limits }: NatsOptions): Limits {
  return resolveLimits(limits);
}

/** @throws RangeError, TypeError for invalid options */
export function rulesOf(options: NatsCallOptions, service: string | undefined): CallRules {
  const {
    callTimeout,
    patience = DEFAULT_PATIENCE,
    maxAttempts = DEFAULT_ATTEMPTS,
    silence = DEFAULT_SILENCE,
  } = options;
  checkNotNegative({ callTimeout, patience });
  checkPositive({ silence });
  checkLimit({ maxAttempts });
  const waiting = new WaitingCalls(options.queue);
  const limits = limitsOf(options);
  const { maxElements } = limits;
  return {
    service,
    isFixed: service === undefined,
    patience,
    maxAttempts,
    silence,
    limits,
    maxElements,
    waiting,
  };
}

/** Returns a function that tells why a command with `requireTLS` may not use the connection, or undefined if it may. */
export function secrecyOf(
  nats: NatsConnectionLike,
  { trustNetwork = false }: NatsOptions,
): () => string | undefined {
  return () =>
    mayCarrySecrets(nats, trustNetwork)
      ? undefined
      : "the NATS connection does not use TLS (set trustNetwork for a private network)";
}

/** @throws InvalidSignature */
export function checkAffinity(what: string, affinity: unknown): void {
  if (affinity !== undefined && affinity !== "connection")
    throw wrongType(`${what}: the option affinity`, `"connection" or absent`, affinity);
}
