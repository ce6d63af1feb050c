/** Converts errors to one line of text with a hint, and to an exit code. */
import { messageOf } from "../core/errors/to-error.ts";
import {
  CallTimeout,
  ConnectFailed,
  ConnectionLost,
  HandshakeTimeout,
  InvalidCertificate,
  KeyTooLong,
  OnlyOneTLS,
  PeerRefusedCertificate,
  PeerVerifyError,
  RemoteAmpError,
  StartTLSRefused,
  TLSRequired,
  UNKNOWN_ERROR_CODE,
  UnhandledCommand,
} from "../index.ts";

import { reasonsIn, systemCode } from "./net/reason.ts";

export interface CliError {
  readonly message: string;
  readonly hint: string | undefined;
  /** Code for programs: the `code` of an AmpError or of an error of Node. */
  readonly code: string | undefined;
  readonly exitCode: 1 | 2;
}

/** A failure of the subcommand. Exit code 1. */
export class Failure extends Error {
  readonly hint: string | undefined;
  /** Code in the JSON output. */
  readonly code: string | undefined;

  constructor(message: string, hint?: string, options: { cause?: unknown; code?: string } = {}) {
    super(message, options);
    this.hint = hint;
    this.code = options.code;
  }
}

/** An invalid command line. Exit code 2. */
export class UsageError extends Failure {}

type Known = readonly [errorClass: abstract new (...args: never[]) => Error, hint: string];

/** Hints by error class. The first class that matches is used. */
const hints: readonly Known[] = [
  [ConnectFailed, "check that a server listens at this address"], // if the system names no reason
  [UnhandledCommand, "the peer has no responder with this name; names are case-sensitive"],
  [CallTimeout, "--timeout SECONDS sets a longer timeout"],
  [TLSRequired, "--starttls starts TLS before the call"],
  [PeerVerifyError, "--ca FILE sets the CA, --server-name NAME the host; --insecure disables verification"],
  [PeerRefusedCertificate, "--cert FILE presents a certificate issued by a CA that the peer trusts"],
  [StartTLSRefused, "the peer does not support TLS on this connection"],
  [HandshakeTimeout, "--timeout SECONDS sets a longer timeout; check that the peer supports StartTLS"],
  [InvalidCertificate, "ampwire certificate show FILE describes the file"],
  [KeyTooLong, "check that the port serves AMP; use tls:// for TLS from the first byte"],
  [ConnectionLost, "check the log of the peer; if its port uses TLS from the first byte, use tls://"],
  [OnlyOneTLS, "remove --starttls: the command itself starts TLS"],
];

export function toCliError(error: unknown): CliError {
  const text = withReasons(error);
  const verifies =
    error instanceof PeerVerifyError || (error instanceof Failure && error.cause instanceof PeerVerifyError);
  const message = oneLine(verifies ? withoutAuthorities(text) : text);
  const exitCode = error instanceof UsageError ? 2 : 1;
  const hint = error instanceof Failure ? error.hint : hintFor(error);
  return { message, hint, code: codeOf(error), exitCode };
}

/** Hints by code, for errors of entry points that are loaded only when they are used. */
const hintsByCode: Readonly<Record<string, string>> = {
  NO_RESPONDERS: "start a worker of the service, and check its name and the NATS server",
  RESPONDER_LOST: "the worker may have executed the call: check its log",
};

/** Hints for errors of the system when a connection is opened. */
const connectHints: Readonly<Record<string, string>> = {
  ECONNREFUSED: "no process listens at this address: start the server, or check the address",
  ENOENT: "there is no socket at this path: start the server, or check the path",
  ENOTDIR: "there is no socket at this path: check it",
  EACCES: "no permission to use this socket: check its mode and its owner",
  EPERM: "no permission to use this address: check the mode of the socket, or the firewall",
  ENOTFOUND: "the host name is unknown: check its spelling",
  EAI_AGAIN: "the name server did not answer: check the network",
  ETIMEDOUT: "the host did not answer: check the address, the network and the firewall",
  EHOSTUNREACH: "the host cannot be reached: check the address and the network",
  ENETUNREACH: "the network cannot be reached: check the address and the network",
};

/** Returns the message of an error, and the messages of the errors in an AggregateError if it lacks them. */
function withReasons(error: unknown): string {
  if (!(error instanceof Error)) return messageOf(error);
  const missing = reasonsIn(error).filter((reason) => !error.message.includes(reason));
  if (missing.length === 0) return error.message || error.name;
  const text = error.message.trimEnd();
  if (text === "") return missing.join("; ");
  return `${text}${text.endsWith(":") ? "" : ":"} ${missing.join("; ")}`;
}

function hintFor(error: unknown): string | undefined {
  if (error instanceof ConnectFailed) {
    const code = systemCode(error, (known) => Object.hasOwn(connectHints, known));
    if (code !== undefined) return connectHints[code];
  }
  if (error instanceof RemoteAmpError && error.errorCode === UNKNOWN_ERROR_CODE) {
    return "the responder failed or could not read the values; check the log of the peer";
  }
  const code = codeOf(error);
  if (code !== undefined && Object.hasOwn(hintsByCode, code)) return hintsByCode[code];
  // The cause of a lost connection is more specific than the loss, so its hint comes first.
  const cause = error instanceof ConnectionLost && error.cause !== undefined ? error.cause : error;
  for (const candidate of [cause, error]) {
    const known = hints.find(([errorClass]) => candidate instanceof errorClass);
    if (known !== undefined) return known[1];
  }
  return undefined;
}

function codeOf(error: unknown): string | undefined {
  if (error instanceof RemoteAmpError) return error.errorCode;
  const code: unknown = error instanceof Error && "code" in error ? error.code : undefined;
  return typeof code === "string" ? code : undefined;
}

/**
 * Joins the lines of a message. A peer may choose much of the text, so the time is linear in its length: no regular
 * expression searches for the end of a run of blanks.
 */
function oneLine(text: string): string {
  const lines = text
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");
  const last = lines.pop() ?? "";
  return [...lines.map((line) => (line.endsWith(".") ? line.slice(0, -1) : line)), last].join("; ");
}

/** Removes the list of CAs that a verification error contains, if there are more than ten: they are the public CAs. */
function withoutAuthorities(text: string): string {
  const end = /; \d{2,} more\)/.exec(text);
  if (end === null) return text;
  const start = Array.from(text.slice(0, end.index).matchAll(/ \([A-Z]+=/g)).at(-1);
  return start === undefined ? text : text.slice(0, start.index) + text.slice(end.index + end[0].length);
}
