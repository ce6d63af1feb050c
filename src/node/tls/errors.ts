/**
 * Conversion of errors of Node and OpenSSL to AmpErrors. No other file of the library reads their codes.
 *
 * The codes of alerts begin differently on each runtime and version (`ERR_SSL_SSLV3_ALERT_...`,
 * `ERR_SSL_SSL/TLS_ALERT_...`). Only `_ALERT_` and the rest of the code are the same everywhere.
 */

import type { AmpError } from "../../core/errors/amp-error.ts";
import { HandshakeError, PeerRefusedCertificate, PeerVerifyError } from "../../core/errors/tls.ts";
import { isError } from "../../core/errors/to-error.ts";
import type { Certificate } from "../certificates/certificate.ts";
import { BOTH_ARE_CLIENTS, codeAsText, handshakeReason, verificationReason } from "./error-messages.ts";
import type { TLSOptions, TLSRole } from "./options.ts";

/** Details of a failed handshake. */
export interface HandshakeFailure {
  /** Undefined if the stream was closed without an error. */
  readonly error?: unknown;
  /** The TLS socket's reason for rejecting the peer's certificate. */
  readonly authorizationError?: unknown;
  /** The peer's certificate, if it was received before the failure. */
  readonly certificate?: Certificate | undefined;
}

type Side = TLSOptions & { readonly role: TLSRole };

const CLOSED = /^(?:ECONNRESET|EPIPE|ECONNABORTED|ERR_STREAM_PREMATURE_CLOSE|)$/;
/**
 * For this many milliseconds after the handshake (about one round trip), the end of the connection without an alert counts
 * as a refusal of this end's certificate.
 */
const REFUSAL_MS = 2_000;
const ABOUT_CERTIFICATES = /CERTIFICATE|UNKNOWN_CA|ACCESS_DENIED/;

const NO_REASON =
  "its key or signature or that of a CA in its chain is too weak, or a CA in its chain does not permit its name";

export function handshakeFailed(failure: HandshakeFailure, side: Side): AmpError {
  const error = codeAndMessage(failure.error);
  // A client gets a ClientHello, or the alert of a client that got one.
  if (side.role === "client" && failure.certificate === undefined && /UNEXPECTED_MESSAGE/.test(error.code))
    return new HandshakeError(BOTH_ARE_CLIENTS, { cause: failure.error });
  return (
    verificationError(failure, side) ??
    refusalError(failure, side) ??
    new HandshakeError(
      CLOSED.test(error.code)
        ? "the connection was closed during the TLS handshake"
        : `the TLS handshake failed: ${handshakeReason(error)}`,
      { cause: failure.error },
    )
  );
}

/**
 * Returns an error if the server refused the client's certificate after the handshake. In TLS 1.3 a client finishes its
 * handshake before the server has checked the client's certificate. So the refusal arrives as a fatal alert or as the end
 * of the connection, soon after the handshake and before the first byte from the server. Call it only until that byte.
 *
 * @param error the TLS socket's error; undefined if the socket was closed without one
 * @param side the options of the upgrade
 * @param age milliseconds since the end of the handshake
 * @returns undefined for an ordinary end of the connection
 */
export function refusalAfterHandshake(
  error: unknown,
  side: Side,
  age = 0,
): PeerRefusedCertificate | undefined {
  const { code } = codeAndMessage(error);
  const alert = alertIn(code);
  const late = age > REFUSAL_MS;
  if (alert !== undefined && (!late || ABOUT_CERTIFICATES.test(alert)))
    return refusedError(`: ${codeAsText(alert)}`, side, error);
  if (late) return undefined;
  // A client checks the server's certificate before the server's handshake ends: a later end is not a refusal.
  if (side.role === "server" || !CLOSED.test(code)) return undefined;
  // A server that requires a certificate and gets none sends an alert. Without one, this is an ordinary end.
  if (side.localCertificate === undefined) return undefined;
  return refusedError(", probably: it closed the connection right after the handshake", side, error);
}

/** Returns an error if this end rejected the peer's certificate. */
function verificationError(
  { error, authorizationError, certificate }: HandshakeFailure,
  side: Side,
): AmpError | undefined {
  const { code, message } = codeAndMessage(error);
  if (/PEER_DID_NOT_RETURN_A_CERTIFICATE/.test(code)) {
    return new PeerVerifyError("the peer did not present a certificate; one is required", { cause: error });
  }
  if (side.verifyAuthorities === undefined) return undefined;
  const judged = authorizationError ? codeAndMessage(authorizationError).code : code;
  const known =
    verificationReason(code, { certificate, options: side }) ??
    verificationReason(judged, { certificate, options: side });
  const unknown = /CERTIFICATE_VERIFY_FAILED|invalid peer certificate/.test(`${code} ${message}`)
    ? message
    : undefined;
  // Node has no code for some of OpenSSL's errors, and on a server no text either.
  const said = judged !== "UNSPECIFIED" ? codeAsText(judged) : code === "UNSPECIFIED" ? message : NO_REASON;
  const reason = known ?? (authorizationError ? said : unknown);
  if (reason === undefined) return undefined;
  const named = certificate === undefined ? "" : ` (${certificate})`;
  return new PeerVerifyError(`the peer's certificate${named} is not trusted: ${reason}`, { cause: error });
}

/** Returns an error if the peer ended the handshake, with or without an alert. */
function refusalError({ error, certificate }: HandshakeFailure, side: Side): AmpError | undefined {
  const { code } = codeAndMessage(error);
  const alert = alertIn(code);
  // If a client has the server's certificate, versions and ciphers match. A failure then concerns the client's identity.
  const judged = side.role === "client" && certificate !== undefined;
  if (alert !== undefined) {
    const aboutUs = ABOUT_CERTIFICATES.test(alert) || (judged && alert === "HANDSHAKE_FAILURE");
    if (aboutUs) return refusedError(`: ${codeAsText(alert)}`, side, error);
    return new HandshakeError(`the peer ended the TLS handshake: ${codeAsText(alert)}`, { cause: error });
  }
  if (!judged || side.localCertificate === undefined || !CLOSED.test(code)) return undefined;
  return refusedError(", probably: it closed the connection after receiving it", side, error);
}

function refusedError(reason: string, { localCertificate }: Side, cause: unknown): PeerRefusedCertificate {
  const presented = localCertificate === undefined ? " (none was presented)" : ` (${localCertificate})`;
  return new PeerRefusedCertificate(`the peer refused this end's certificate${presented}${reason}`, {
    cause,
  });
}

function alertIn(code: string): string | undefined {
  return /_ALERT_(.+)$/.exec(code)?.[1];
}

/** Returns code and text of an error. Node's errors have `code`; OpenSSL's also have `reason`, the readable text. */
function codeAndMessage(error: unknown): { readonly code: string; readonly message: string } {
  if (!isError(error)) return { code: String(error ?? ""), message: String(error ?? "") };
  const known: Error & { readonly code?: unknown; readonly reason?: unknown } = error;
  const { code = error.message, reason = error.message } = known;
  return { code: String(code), message: String(reason) };
}
