/**
 * The part of a NATS connection that this entry point uses. `NatsConnection` of `@nats-io/nats-core` has it, and so has
 * `memoryNats()` of `ampwire/testing`.
 */
import type { MsgHdrs } from "@nats-io/nats-core";

/** A received message. */
export interface NatsMessage {
  readonly subject: string;
  /** Subject for the answer; empty or undefined if the publisher wants none. */
  readonly reply?: string | undefined;
  readonly data: Uint8Array;
  readonly headers?: NatsHeaders | undefined;
}

/** Headers of a received message. */
export interface NatsHeaders {
  /** Status of the message; 0 if it has none. */
  readonly code: number;
  /** Returns the value of a header; empty if the message does not have it. */
  get(name: string): string;
}

/** Options of a published message. */
export interface NatsPublishOptions {
  reply?: string;
  headers?: MsgHdrs;
}

/** A subscription. */
export interface NatsSubscription {
  unsubscribe(): void;
  /** Ends the subscription after the messages that the server has sent already. */
  drain(): Promise<void>;
  isClosed(): boolean;
}

/** An event of a NATS connection, for example `disconnect`, `reconnect` or `error`. */
export interface NatsStatus {
  readonly type: string;
  readonly error?: unknown;
}

/** A connection to NATS. The program opens it, configures it and closes it. */
export interface NatsConnectionLike {
  /** Facts about the server; undefined while there is no connection to one. */
  readonly info?: { readonly max_payload: number; readonly tls_required?: boolean } | undefined;
  publish(subject: string, payload?: Uint8Array, options?: NatsPublishOptions): void;
  subscribe(
    subject: string,
    options: { queue?: string; callback: (error: Error | null, message: NatsMessage) => void },
  ): NatsSubscription;
  flush(): Promise<void>;
  status(): AsyncIterable<NatsStatus>;
  isClosed(): boolean;
  isDraining(): boolean;
  /** Address of the server, `host:port`. */
  getServer(): string;
}

/** NATS accepts payloads up to this many bytes unless it is configured otherwise. */
const DEFAULT_MAX_PAYLOAD = 1024 * 1024;

/** Returns the largest number of bytes that a message may have, headers included. */
export function maxPayloadOf(nats: NatsConnectionLike): number {
  return nats.info?.max_payload ?? DEFAULT_MAX_PAYLOAD;
}
