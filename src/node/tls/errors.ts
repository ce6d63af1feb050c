/**
 * Errors of Node and OpenSSL, translated into ours. Nothing else in the library looks at their codes.
 *
 * The names of alerts differ between runtimes and versions (`ERR_SSL_SSLV3_ALERT_...`,
 * `ERR_SSL_SSL/TLS_ALERT_...`), only `_ALERT_` and what follows do not.
 */
import type { AmpError } from "../../core/errors/amp-error.ts";
import { HandshakeError, PeerRefusedCertificate, PeerVerifyError } from "../../core/errors/tls.ts";
import type { Certificate } from "../certificates/certificate.ts";
import { handshakeReason, inWords, verificationReason } from "./error-messages.ts";
import type { TLSOptions, TLSRole } from "./options.ts";

/** How a handshake ended. */
export interface HandshakeFailure {
  /** Missing when the stream was closed without one. */
  readonly error?: unknown;
  /** Of the TLS socket: the reason why the check of the peer's certificate failed. */
  readonly authorizationError?: unknown;
  /** What the peer presented, as far as it could still be learnt. */
  readonly certificate?: Certificate | undefined;
}

type Side = TLSOptions & { readonly role: TLSRole };

const CLOSED = /^(?:ECONNRESET|EPIPE|ECONNABORTED|ERR_STREAM_PREMATURE_CLOSE|)$/;
/** Milliseconds after the handshake, a round trip or so, in which a refusal may come without its reason. */
const REFUSAL_MS = 2_000;
const ABOUT_CERTIFICATES = /CERTIFICATE|UNKNOWN_CA|ACCESS_DENIED/;

export function handshakeFailed(failure: HandshakeFailure, side: Side): AmpError {
  const error = plain(failure.error);
  return (
    verdict(failure, side) ??
    refusal(failure, side) ??
    new HandshakeError(
      CLOSED.test(error.code)
        ? "the connection was closed during the TLS handshake"
        : `the TLS handshake failed: ${handshakeReason(error)}`,
      { cause: failure.error },
    )
  );
}

/**
 * A TLS client has finished its handshake before the server has looked at its certificate; so a refusal shows
 * as a fatal alert, or as the end of the connection, soon and before the first byte from the peer.
 *
 * @param error of the TLS socket; undefined when it was closed without one
 * @param side what the upgrade was started with
 * @param age milliseconds since the handshake was done
 * @returns undefined when it is no refusal but an ordinary end. Do not ask once a byte has come from the peer.
 */
export function refusalAfterHandshake(
  error: unknown,
  side: Side,
  age = 0,
): PeerRefusedCertificate | undefined {
  const { code } = plain(error);
  const alert = alertIn(code);
  const late = age > REFUSAL_MS;
  if (alert !== undefined && (!late || ABOUT_CERTIFICATES.test(alert)))
    return refused(`: ${inWords(alert)}`, side, error);
  if (late) return undefined;
  // A client that verifies us has looked before our handshake was finished: an end after that means nothing.
  if (side.role === "server" || !CLOSED.test(code)) return undefined;
  // Who demands a certificate and gets none says so; a server that asks for none is free to hang up.
  if (side.localCertificate === undefined) return undefined;
  return refused(", it seems: it closed the connection right after the handshake", side, error);
}

/** Our own check of the peer's certificate. */
function verdict(
  { error, authorizationError, certificate }: HandshakeFailure,
  side: Side,
): AmpError | undefined {
  const { code, message } = plain(error);
  if (/PEER_DID_NOT_RETURN_A_CERTIFICATE/.test(code)) {
    return new PeerVerifyError("the peer presented no certificate, and has to", { cause: error });
  }
  if (side.verifyAuthorities === undefined) return undefined;
  const judged = authorizationError ? plain(authorizationError).code : code;
  const known =
    verificationReason(code, { certificate, options: side }) ??
    verificationReason(judged, { certificate, options: side });
  const unknown = /CERTIFICATE_VERIFY_FAILED|invalid peer certificate/.test(`${code} ${message}`)
    ? message
    : undefined;
  const said = code === "UNSPECIFIED" ? message : inWords(judged); // Node has no code of its own for all of OpenSSL's
  const reason = known ?? (authorizationError ? said : unknown);
  if (reason === undefined) return undefined;
  const named = certificate === undefined ? "" : ` (${certificate})`;
  return new PeerVerifyError(`the peer's certificate${named} is not trusted: ${reason}`, { cause: error });
}

/** The peer's check of ours. */
function refusal({ error, certificate }: HandshakeFailure, side: Side): AmpError | undefined {
  const { code } = plain(error);
  const alert = alertIn(code);
  // From here on a client knows that versions and ciphers fit: all that is left is who it is.
  const judged = side.role === "client" && certificate !== undefined;
  if (alert !== undefined) {
    const aboutUs = ABOUT_CERTIFICATES.test(alert) || (judged && alert === "HANDSHAKE_FAILURE");
    if (aboutUs) return refused(`: ${inWords(alert)}`, side, error);
    return new HandshakeError(`the peer ended the TLS handshake: ${inWords(alert)}`, { cause: error });
  }
  if (!judged || side.localCertificate === undefined || !CLOSED.test(code)) return undefined;
  return refused(", it seems: it closed the connection when it had seen it", side, error);
}

function refused(reason: string, { localCertificate }: Side, cause: unknown): PeerRefusedCertificate {
  const ours = localCertificate === undefined ? " (we presented none)" : ` (${localCertificate})`;
  return new PeerRefusedCertificate(`the peer refused our certificate${ours}${reason}`, { cause });
}

function alertIn(code: string): string | undefined {
  return /_ALERT_(.+)$/.exec(code)?.[1];
}

/** Node's errors have a code; OpenSSL's have the part of their message that is meant for people as `reason`. */
function plain(error: unknown): { readonly code: string; readonly message: string } {
  if (!(error instanceof Error)) return { code: String(error ?? ""), message: String(error ?? "") };
  const known: Error & { readonly code?: unknown; readonly reason?: unknown } = error;
  const { code = error.message, reason = error.message } = known;
  return { code: String(code), message: String(reason) };
}
