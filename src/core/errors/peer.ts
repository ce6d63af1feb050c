/** Errors caused by the peer: it rejected a call, answered with an error, or broke the protocol. */
import { AmpError, identify, isOwnClass } from "./amp-error.ts";
import { InvalidSignature } from "./caller.ts";
import { MAX_DESCRIPTION_CHARACTERS, shownText, UNENCODABLE } from "./safe-text.ts";
import { messageOf } from "./to-error.ts";

/** Characters of the longest error code that a value of 65535 bytes can hold. A peer may send one as long. */
const MAX_CODE_CHARACTERS = 0xffff;

/** A violation of the protocol by the peer. The connection is closed. */
export class ProtocolError extends AmpError {
  static {
    identify(this, "ProtocolError", "PROTOCOL_ERROR", "peer");
  }
}

/**
 * Bytes that are not a valid box: a key that is too long, a truncated box, or a missing key of the protocol. Also an answer
 * to a protocol change that the command cannot decode.
 */
export class MalformedAmpBox extends ProtocolError {
  static {
    identify(this, "MalformedAmpBox", "MALFORMED_BOX", "peer");
  }
}

/** A key length of 256 or more. AMP has no such key, so the peer speaks another protocol. The message shows the first bytes. */
export class KeyTooLong extends MalformedAmpBox {
  static {
    identify(this, "KeyTooLong", "KEY_TOO_LONG", "peer");
  }
}

/** A received box over `maxBoxBytes` or `maxBoxKeys`. */
export class BoxTooLarge extends MalformedAmpBox {
  static {
    identify(this, "BoxTooLarge", "BOX_TOO_LARGE", "peer");
  }
}

/** A box without `_answer`, `_error` and `_command`: neither an ask, an answer nor an error. */
export class NoEmptyBoxes extends ProtocolError {
  static {
    identify(this, "NoEmptyBoxes", "NO_EMPTY_BOXES", "peer");
  }
}

/** An answer to a call that was never sent, or that is already answered. */
export class UnexpectedAnswer extends ProtocolError {
  static {
    identify(this, "UnexpectedAnswer", "UNEXPECTED_ANSWER", "peer");
  }
}

/**
 * An error with the code and description of the wire. A responder may throw one to choose both. A caller gets
 * {@link UnknownRemoteError} for a code that its command does not declare.
 */
export class RemoteAmpError extends AmpError {
  /** Error code, `_error_code` on the wire. Bytes that are not UTF-8 are lone surrogates U+DC80..U+DCFF, as in keys. */
  readonly errorCode: string;
  /** Text for people, `_error_description` on the wire. */
  readonly description: string;
  /** True: the connection is closed after the error has been sent. It is not sent, so a caller always sees false. */
  readonly fatal: boolean;

  static {
    identify(this, "RemoteAmpError", "REMOTE_ERROR", "peer");
  }

  /**
   * @param errorCode error code, `_error_code` on the wire
   * @param description text for people, `_error_description` on the wire. The message shows the first 1,000 characters.
   * If an error is passed, its message is used
   * @param fatal true: if a responder throws this error, close the connection after the error has been sent
   * @throws InvalidSignature for an error code that the wire cannot carry
   */
  constructor(errorCode: string, description: string, fatal = false, options?: { readonly cause?: unknown }) {
    checkErrorCode(errorCode);
    // A JavaScript program may omit the description, or pass a value of any type.
    const text = messageOf(description ?? "");
    super(
      isOwnClass(new.target)
        ? `${shownText(errorCode)}: ${shownText(text, MAX_DESCRIPTION_CHARACTERS)}`
        : `${errorCode}: ${text}`,
      options,
    );
    this.errorCode = errorCode;
    this.description = text;
    this.fatal = Boolean(fatal);
  }
}

/** @throws InvalidSignature for an error code that the wire cannot carry */
export function checkErrorCode(errorCode: unknown): void {
  if (
    typeof errorCode !== "string" ||
    UNENCODABLE.test(errorCode) ||
    errorCode.length > MAX_CODE_CHARACTERS
  ) {
    const shown = shownText(messageOf(errorCode));
    throw new InvalidSignature(
      `an error code must be well-formed text of at most ${MAX_CODE_CHARACTERS} characters, not ${shown}`,
    );
  }
}

/** An error of the peer with a code that the command does not declare. */
export class UnknownRemoteError extends RemoteAmpError {
  static {
    identify(this, "UnknownRemoteError", "UNKNOWN_REMOTE_ERROR", "peer");
  }
}

/** A command for which the peer has no responder. The wire code is `UNHANDLED`. */
export class UnhandledCommand extends AmpError {
  static {
    identify(this, "UnhandledCommand", "UNHANDLED_COMMAND", "peer");
  }
}

/**
 * A call that was not executed: the peer is at a limit, or it has asked this end to make no more calls on the connection. It may
 * be made again, whether it is idempotent or not. The error code on the wire is `UNAVAILABLE`.
 */
export class Unavailable extends AmpError {
  static {
    identify(this, "Unavailable", "UNAVAILABLE", "peer");
  }
}
