/** One client of an edge: its connection, the headers that describe it, and its calls in progress. */
import type { AmpConnection } from "../core/command/types.ts";
import { InvalidSignature } from "../core/errors/caller.ts";
import type { Signal } from "../core/platform.ts";
import { shownValue } from "../core/wire/value-text.ts";
import type { NatsCall } from "./call.ts";
import { factsOf } from "./client-facts.ts";
import {
  asciiJSON,
  type HeaderValues,
  headersOf,
  type SizedHeaders,
  TIMEOUT_HEADER,
  TRACE_HEADER,
} from "./headers.ts";

/** A connection that an edge accepts: one of `listen`, `attach` of `ampwire/node` or `attach` of `ampwire/websocket`. */
export type EdgeConnection = AmpConnection;

/** Passed to `identify`. */
export interface ClientToIdentify {
  readonly connection: AmpConnection;
  /** Data that responders of this process, for example one for a login, have stored about the connection. */
  readonly state: Readonly<Record<PropertyKey, unknown>>;
  readonly signal: Signal;
}

export type Identify = (client: ClientToIdentify) => object | undefined;

export class EdgeClient {
  readonly connection: EdgeConnection;
  /** `EDGE.ID`. */
  readonly id: string;
  /** Calls that are forwarded. */
  readonly calls = new Set<NatsCall>();
  /** Topics that the client has joined; undefined if it has joined none. */
  topics: Set<string> | undefined;
  /** With affinity: the worker that got the first ask. */
  worker: string | undefined;
  /** With affinity: resolves when the first ask has an outcome. */
  choosing: Promise<void> | undefined;
  /** True once the client waits for nothing any more, or has disconnected. */
  hasGone = false;
  /** True once workers may know the client. */
  isKnown = false;
  /** True once workers have been told, or will be, that the client has gone. */
  isReported = false;
  #identity: string | undefined;
  #tls: unknown;
  #values: HeaderValues | undefined;
  #headers: SizedHeaders | undefined;

  constructor(connection: EdgeConnection, id: string) {
    this.connection = connection;
    this.id = id;
  }

  /**
   * Returns a function that makes the headers of an ask. They are made again when the client has started TLS: facts
   * from plaintext are not passed on any more.
   * @param isTimed the calls of the edge have a timeout, so that each attempt has headers of its own
   * @param trace context of a trace
   * @throws InvalidSignature if `identify` does not return an object, and what it throws
   */
  headers(
    identify: Identify | undefined,
    context: ClientToIdentify,
    isTimed: boolean,
    trace: string | undefined,
  ): (left: number | undefined) => SizedHeaders | undefined {
    const identity = identify === undefined ? undefined : identityText(identify(context));
    const { tls } = this.connection;
    if (tls !== this.#tls || identity !== this.#identity) {
      this.#tls = tls;
      this.#identity = identity;
      this.#values = undefined;
      this.#headers = undefined;
    }
    // Taken now: another attempt may come after the client has started TLS. Most clients are idle, so only one of the two is kept.
    if (!isTimed && trace === undefined) {
      this.#headers ??= headersOf(factsOf(this.connection, this.id, identity));
      const headers = this.#headers;
      return () => headers;
    }
    this.#values ??= factsOf(this.connection, this.id, identity);
    const values = this.#values;
    return (left) =>
      headersOf({
        ...values,
        [TIMEOUT_HEADER]: left === undefined ? undefined : String(Math.ceil(left)),
        [TRACE_HEADER]: trace,
      });
  }
}

function identityText(identity: unknown): string | undefined {
  if (identity === undefined) return undefined;
  if (typeof identity !== "object" || identity === null || "then" in identity)
    throw new InvalidSignature(
      `identify must return an object that JSON can represent, or undefined, not ${shownValue(identity)}`,
    );
  return asciiJSON(identity);
}
