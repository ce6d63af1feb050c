/** Headers and statuses of messages. */
import { headers, type MsgHdrs } from "@nats-io/nats-core";
import { InvalidSignature } from "../core/errors/caller.ts";
import { shownValue } from "../core/wire/value-text.ts";
import type { NatsMessage } from "./nats-connection.ts";
import { bytesOf } from "./subjects.ts";

/** The client that asks, `EDGE.ID`. Edges send it; workers read it on subjects that only edges may publish to. */
export const CONNECTION_HEADER = "Amp-Connection";
/** Address of the client, as JSON. */
export const ADDRESS_HEADER = "Amp-Address";
/** Version and cipher of the client's TLS session, separated by a space. Absent in plaintext. */
export const TLS_HEADER = "Amp-TLS";
/** The client's certificate, DER in base64. Only if the edge has verified it. */
export const CERTIFICATE_HEADER = "Amp-Certificate";
/** Result of `identify` of the edge, as JSON. */
export const IDENTITY_HEADER = "Amp-Identity";
/** Milliseconds until the caller stops waiting. */
export const TIMEOUT_HEADER = "Amp-Timeout";
/** On an ask to a client: the edge must not send it in plaintext. */
export const REQUIRE_TLS_HEADER = "Amp-Require-TLS";
/** On an answer: the edge closes the client's connection after it has sent the error. */
export const FATAL_HEADER = "Amp-Fatal";
/** On an answer and on a heartbeat: the id of the worker, for affinity. */
export const WORKER_HEADER = "Amp-Worker";
/** Context of a trace, if the program gives one. */
export const TRACE_HEADER = "traceparent";

/** The callee works on the call. JetStream uses this status for its own heartbeats. */
export const IN_PROGRESS = 100;
/** The message was not a box, or not one for its subject: not executed. */
export const NOT_A_BOX = 400;
/** The callee has too many asks in progress: not executed. */
export const TOO_MANY = 429;
/** There is no receiver: not executed. The server sends it, or an edge whose client has disconnected. */
export const NO_RECEIVER = 503;

const DESCRIPTIONS = {
  [IN_PROGRESS]: "In Progress",
  [NOT_A_BOX]: "Not A Box",
  [TOO_MANY]: "Too Many Asks",
  [NO_RECEIVER]: "No Responders",
} as const;

type Status = keyof typeof DESCRIPTIONS;

const statuses = new Map<Status, MsgHdrs>();

/** Returns the headers of a status message. */
export function statusHeaders(status: Status): MsgHdrs {
  let made = statuses.get(status);
  if (made === undefined) {
    made = headers(status, DESCRIPTIONS[status]);
    statuses.set(status, made);
  }
  return made;
}

/** Returns the headers of a heartbeat. @param worker with affinity: the id of the worker, for edges that wait for it */
export function heartbeatHeaders(worker: string | undefined): MsgHdrs {
  if (worker === undefined) return statusHeaders(IN_PROGRESS);
  const made = headers(IN_PROGRESS, DESCRIPTIONS[IN_PROGRESS]);
  made.set(WORKER_HEADER, worker);
  return made;
}

/** Headers of a message, and the bytes that they take on the wire. */
export interface SizedHeaders {
  readonly headers: MsgHdrs;
  readonly bytes: number;
}

/** Names and values of headers. An undefined value is not sent. */
export type HeaderValues = Readonly<Record<string, string | undefined>>;

const FIRST_LINE_AND_END = "NATS/1.0\r\n".length + "\r\n".length;
const SEPARATORS = ": \r\n".length;

/**
 * Returns headers, or undefined if no value is given.
 * @throws Error of the NATS client for a value with a line break
 */
export function headersOf(values: HeaderValues): SizedHeaders | undefined {
  let made: MsgHdrs | undefined;
  let bytes = FIRST_LINE_AND_END;
  for (const [name, value] of Object.entries(values)) {
    if (value === undefined) continue;
    made ??= headers();
    made.set(name, value);
    bytes += name.length + bytesOf(value) + SEPARATORS;
  }
  return made && { headers: made, bytes };
}

/** Characters that a header may have: others may be damaged on the way, and a line break would begin another header. */
const HEADER_TEXT = /^[ -~]*$/;

/**
 * Returns the context of a trace that the option `traceparent` gives.
 * @throws InvalidSignature for a value other than printable ASCII text, and what the function throws
 */
export function traceOf(traceparent: (() => unknown) | undefined): string | undefined {
  const trace = traceparent?.();
  if (trace === undefined || (typeof trace === "string" && HEADER_TEXT.test(trace))) return trace;
  throw new InvalidSignature(
    `traceparent must return printable ASCII text or undefined, not ${shownValue(trace)}`,
  );
}

/** Returns a header of a message; undefined if it is absent or empty. */
export function headerOf(message: NatsMessage, name: string): string | undefined {
  return message.headers?.get(name) || undefined;
}

/** Returns the milliseconds for which the caller of an ask waits, undefined for no limit. */
export function timeoutOf(message: NatsMessage): number | undefined {
  const text = headerOf(message, TIMEOUT_HEADER);
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}

/** Returns JSON with ASCII characters only: other characters in headers may be damaged on the way. */
export function asciiJSON(value: unknown): string {
  return JSON.stringify(value).replace(
    /[\u007f-\uffff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
