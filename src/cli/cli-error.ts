/** What went wrong, in one line with a hint, and the exit code it means. */
import {
  CallTimeout,
  ConnectFailed,
  ConnectionLost,
  HandshakeTimeout,
  InvalidCertificate,
  InvalidSignature,
  KeyTooLong,
  PeerRefusedCertificate,
  PeerVerifyError,
  RemoteAmpError,
  StartTLSRefused,
  TLSRequired,
  UNKNOWN_ERROR_CODE,
  UnhandledCommand,
} from "../index.ts";

export interface CliError {
  readonly message: string;
  readonly hint: string | undefined;
  /** For programs: an AmpError's code, or Node's. */
  readonly code: string | undefined;
  readonly exitCode: 1 | 2;
}

/** Something did not work. */
export class Failure extends Error {
  readonly hint: string | undefined;
  /** For programs that read the JSON. */
  readonly code: string | undefined;

  constructor(message: string, hint?: string, options: { cause?: unknown; code?: string } = {}) {
    super(message, options);
    this.hint = hint;
    this.code = options.code;
  }
}

/** The command line makes no sense. */
export class UsageError extends Failure {}

type Known = readonly [errorClass: abstract new (...args: never[]) => Error, hint: string];

/** The first that fits counts. */
const hints: readonly Known[] = [
  [ConnectFailed, "is a server listening there?"],
  [UnhandledCommand, "the peer has no responder of that name; names are case-sensitive"],
  [CallTimeout, "--timeout SECONDS waits longer"],
  [TLSRequired, "--starttls encrypts first"],
  [
    PeerVerifyError,
    "--ca FILE names the authority, --server-name NAME the host; --insecure looks at neither",
  ],
  [PeerRefusedCertificate, "--cert FILE presents a certificate that the peer's authority has issued"],
  [StartTLSRefused, "the peer does not do TLS, or not on this connection"],
  [HandshakeTimeout, "--timeout SECONDS waits longer; does the peer do StartTLS at all?"],
  [InvalidCertificate, "ampwire certificate show FILE tells what is in a file"],
  [InvalidSignature, "name=text, name=@file or name:=json; the schema says which names there are"],
  [KeyTooLong, "is that port really AMP's? for TLS from the first byte it is tls://"],
  [ConnectionLost, "the peer closed the connection: its log may say why"],
];

export function toCliError(error: unknown): CliError {
  const message = oneLine(error instanceof Error ? error.message || error.name : String(error));
  const exitCode = error instanceof UsageError ? 2 : 1;
  const hint = error instanceof Failure ? error.hint : hintFor(error);
  return { message, hint, code: codeOf(error), exitCode };
}

function hintFor(error: unknown): string | undefined {
  if (error instanceof RemoteAmpError && error.errorCode === UNKNOWN_ERROR_CODE) {
    return "the peer's responder failed, or could not read the values: its log says why";
  }
  // A connection that is lost because of something else: that is the thing to say a word about.
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

function oneLine(text: string): string {
  // Of more than a hundred public authorities nobody wants to see the first three.
  return text
    .replace(/ \([A-Z]+=(?:(?!\) is )[^;])*(?:;[^;]*){2}; \d{2,} more\)/, "")
    .replace(/\.?\s*\n\s*/g, "; ")
    .trim();
}
