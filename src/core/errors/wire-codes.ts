/** Mapping of errors to the wire and back. */
import { CallTimeout, TLSRequired, TooLong } from "./caller.ts";
import type { DeclaredErrors, ErrorClass } from "./declared-errors.ts";
import { checkErrorCode, RemoteAmpError, Unavailable, UnhandledCommand, UnknownRemoteError } from "./peer.ts";
import { shownText } from "./safe-text.ts";
import { isError, messageOf } from "./to-error.ts";
import { ResponderLost } from "./transport.ts";

/** Error code for a command without a responder. */
export const UNHANDLED_ERROR_CODE = "UNHANDLED";
/** Error code for an error that the command does not declare. The text of that error is never sent. */
export const UNKNOWN_ERROR_CODE = "UNKNOWN";
/** Error code for a command that is not served in plaintext. Twisted does not know it and raises UnknownRemoteError. */
export const TLS_REQUIRED_ERROR_CODE = "TLS_REQUIRED";

/** Error code for an ask that was not executed because this end is at a limit. Twisted does not know it. */
export const UNAVAILABLE_ERROR_CODE = "UNAVAILABLE";

/** Error codes that have the same meaning for every command. */
export const PROTOCOL_ERRORS: Readonly<Record<string, ErrorClass>> = {
  [UNHANDLED_ERROR_CODE]: UnhandledCommand,
  [TLS_REQUIRED_ERROR_CODE]: TLSRequired,
  [UNAVAILABLE_ERROR_CODE]: Unavailable,
};

/** Error code of an edge: the callee was lost, and the call may have been executed. */
export const LOST_ERROR_CODE = "LOST";
/** Error code of an edge: the call was not answered in time, and may have been executed. */
export const TIMEOUT_ERROR_CODE = "TIMEOUT";
/** Error code of an edge: the ask is too large for NATS, and was not executed. */
export const TOO_LONG_ERROR_CODE = "TOO_LONG";

/**
 * Error codes that only an edge of `ampwire/nats` sends. Not among {@link PROTOCOL_ERRORS}: this end throws some of the classes
 * itself, and {@link isFromWire} must return false for such an error.
 */
const EDGE_ERRORS: Readonly<Record<string, ErrorClass>> = {
  [LOST_ERROR_CODE]: ResponderLost,
  [TIMEOUT_ERROR_CODE]: CallTimeout,
  [TOO_LONG_ERROR_CODE]: TooLong,
};

/** Contents of an error box. */
export interface WireError {
  readonly code: string;
  readonly description: string;
  /** True: the connection is closed after the error has been sent. */
  readonly fatal: boolean;
  /** True if the command does not declare the error. Its text is passed to `onError` and not to the peer. */
  readonly undeclared: boolean;
  /** Keys and values of a `declaredError`. */
  readonly data?: ReadonlyMap<string, Uint8Array> | undefined;
  /** Error that is passed to `onError` in place of the thrown one: its data could not be sent. */
  readonly reported?: unknown;
}

const UNDECLARED: WireError = {
  code: UNKNOWN_ERROR_CODE,
  description: "Unknown Error",
  fatal: true,
  undeclared: true,
};

/** Returns the error box for an error that a responder threw. Never throws. */
export function toWire(error: unknown, declared: DeclaredErrors | undefined): WireError {
  try {
    return (isError(error) ? wireError(error, declared) : undefined) ?? UNDECLARED;
  } catch {
    return UNDECLARED; // reading the error has thrown (see to-error.ts), or its code cannot be sent
  }
}

function wireError(error: Error, declared: DeclaredErrors | undefined): WireError | undefined {
  const known = declared?.codeFor(error);
  if (known !== undefined) {
    const { code, fatal } = known;
    try {
      return {
        code,
        description: messageOf(error),
        fatal,
        undeclared: false,
        data: known.data?.encode(error),
      };
    } catch (reported) {
      return { ...UNDECLARED, reported };
    }
  }
  if (error instanceof RemoteAmpError) {
    const { errorCode, description, fatal } = error;
    // The class has checked them, but a program may have changed them since, or derived a class with getters.
    checkErrorCode(errorCode);
    return { code: errorCode, description: messageOf(description), fatal: Boolean(fatal), undeclared: false };
  }
  return undefined;
}

/**
 * Returns the error for a received error box, with which the call rejects. The message has the command and the code, unless
 * the command declares the code: then the message is the description.
 * @param name the name of the command
 * @param box returns the box, for an error with data
 */
export function fromWire(
  code: string,
  description: string,
  name: string,
  declared: DeclaredErrors | undefined,
  box: () => ReadonlyMap<string, Uint8Array>,
): Error {
  const errorClass = declared?.classFor(code);
  if (errorClass === undefined) {
    const known = ownValue(PROTOCOL_ERRORS, code) ?? ownValue(EDGE_ERRORS, code);
    if (known === undefined) return unknownError(code, description, name);
    return new known(`${shownPrefix(name, code)}${description && ": "}${description}`);
  }
  try {
    return typeof errorClass === "object"
      ? errorClass.create(description, box())
      : new errorClass(description);
  } catch (cause) {
    return unknownError(code, description, name, cause);
  }
}

function ownValue<T>(record: Readonly<Record<string, T>>, key: string): T | undefined {
  return Object.hasOwn(record, key) ? record[key] : undefined;
}

function unknownError(code: string, description: string, name: string, cause?: unknown): UnknownRemoteError {
  const error = new UnknownRemoteError(code, description, false, cause === undefined ? undefined : { cause });
  error.message = `${shownText(name)}: ${error.message}`;
  return error;
}

/** Returns the command and the error code of a rejected call, for its message. */
export function shownPrefix(name: string, code: string): string {
  return `${shownText(name)}: ${shownText(code)}`;
}

/** Returns true for an error made by {@link fromWire}, false for an error of decoding an answer. */
export function isFromWire(error: unknown, declared: DeclaredErrors): boolean {
  if (error instanceof RemoteAmpError || declared.codeFor(error) !== undefined) return true;
  return Object.values(PROTOCOL_ERRORS).some((errorClass) => error instanceof errorClass);
}
