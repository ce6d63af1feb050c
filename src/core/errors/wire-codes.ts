/** The one place that maps errors to the wire and back. */
import { TLSRequired } from "./caller.ts";
import type { DeclaredErrors, ErrorClass } from "./declared-errors.ts";
import { RemoteAmpError, UnhandledCommand, UnknownRemoteError } from "./peer.ts";
import { isError, messageOf } from "./to-error.ts";

/** Nobody responds to the command. */
export const UNHANDLED_ERROR_CODE = "UNHANDLED";
/** The responder failed in a way that its command does not declare. Its text is never sent. */
export const UNKNOWN_ERROR_CODE = "UNKNOWN";
/** The command is refused in plaintext. Ours: Twisted has no such thing, and sees an UnknownRemoteError. */
export const TLS_REQUIRED_ERROR_CODE = "TLS_REQUIRED";

/** Codes that mean the same for every command. */
export const PROTOCOL_ERRORS: Readonly<Record<string, ErrorClass>> = {
  [UNHANDLED_ERROR_CODE]: UnhandledCommand,
  [TLS_REQUIRED_ERROR_CODE]: TLSRequired,
};

/** An error box's contents, and whether the connection ends after it. */
export interface WireError {
  readonly code: string;
  readonly description: string;
  readonly fatal: boolean;
  /** True when the command does not declare the error: the peer learns nothing, we report it. */
  readonly undeclared: boolean;
}

const UNDECLARED: WireError = {
  code: UNKNOWN_ERROR_CODE,
  description: "Unknown Error",
  fatal: true,
  undeclared: true,
};

/** What the peer is told of an error that a responder threw. Never throws. */
export function toWire(error: unknown, declared: DeclaredErrors | undefined): WireError {
  try {
    return (isError(error) ? wireError(error, declared) : undefined) ?? UNDECLARED;
  } catch {
    return UNDECLARED; // looking at it has thrown: see thrown.ts
  }
}

function wireError(error: Error, declared: DeclaredErrors | undefined): WireError | undefined {
  const known = declared?.tagFor(error);
  if (known !== undefined) {
    return { code: known.tag, description: messageOf(error), fatal: known.fatal, undeclared: false };
  }
  if (error instanceof RemoteAmpError) {
    return { code: error.errorCode, description: error.description, fatal: error.fatal, undeclared: false };
  }
  return undefined;
}

/** The error that a caller gets for an error box. */
export function fromWire(code: string, description: string, declared: DeclaredErrors | undefined): Error {
  const errorClass =
    declared?.classFor(code) ?? (Object.hasOwn(PROTOCOL_ERRORS, code) ? PROTOCOL_ERRORS[code] : undefined);
  if (errorClass === undefined) return new UnknownRemoteError(code, description);
  try {
    return new errorClass(description);
  } catch (cause) {
    return new UnknownRemoteError(code, description, false, { cause });
  }
}

/** Whether it is an error that {@link fromWire} makes, and not what reading an answer has come to. */
export function isFromWire(error: unknown, declared: DeclaredErrors): boolean {
  if (error instanceof RemoteAmpError || declared.tagFor(error) !== undefined) return true;
  return Object.values(PROTOCOL_ERRORS).some((errorClass) => error instanceof errorClass);
}
