/** Readable messages for OpenSSL's error codes. */
import type { Certificate } from "../certificates/certificate.ts";
import type { TLSOptions, TLSRole } from "./options.ts";

/** Context of a failed verification. */
export interface VerificationContext {
  readonly certificate: Certificate | undefined;
  readonly options: TLSOptions & { readonly role: TLSRole };
}

/** Endings of the sentence "the peer's certificate (CN=x, issued by CN=y) is not trusted: ". */
const VERIFICATION: Readonly<Record<string, (subject: VerificationContext) => string>> = {
  UNABLE_TO_GET_ISSUER_CERT: notIssued,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: notIssued,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: notIssued,
  SELF_SIGNED_CERT_IN_CHAIN: notIssued,
  DEPTH_ZERO_SELF_SIGNED_CERT: (subject) => `it is self-signed and is not ${trustedCAs(subject)}`,
  CERT_SIGNATURE_FAILURE: () => "its signature does not match the key of the CA that it names",
  CERT_HAS_EXPIRED({ certificate }) {
    if (certificate === undefined) return "it or a CA in its chain has expired";
    return certificate.validTo.getTime() < Date.now()
      ? `it expired on ${certificate.validTo.toISOString()}`
      : "a CA in its chain has expired";
  },
  CERT_NOT_YET_VALID({ certificate }) {
    if (certificate === undefined) return "it or a CA in its chain is not valid yet";
    return certificate.validFrom.getTime() > Date.now()
      ? `it is not valid before ${certificate.validFrom.toISOString()}`
      : "a CA in its chain is not valid yet";
  },
  INVALID_PURPOSE: ({ options }) =>
    `it or a CA in its chain is not made for TLS ${options.role === "client" ? "servers" : "clients"}`,
  INVALID_CA: () => "the certificate that issued it is not a CA",
  PATH_LENGTH_EXCEEDED: () => "its chain has more CAs than its root allows",
  CERT_CHAIN_TOO_LONG: () => "its chain is too long",
  WEAK_CERTIFICATE: () => "its key or signature or that of a CA in its chain is too weak",
  CERT_REVOKED: () => "it or a CA in its chain was revoked, according to the list in `crl`",
  CRL_HAS_EXPIRED: () => "a revocation list in `crl` is out of date: get a new one from its CA",
  CRL_NOT_YET_VALID: () => "a revocation list in `crl` is not valid yet",
  CRL_SIGNATURE_FAILURE: () => "the signature of a revocation list in `crl` does not match the key of its CA",
  UNABLE_TO_GET_CRL: ({ certificate }) =>
    `\`crl\` has no revocation list of the CA that issued ${certificate === undefined ? "it" : `it (${certificate.issuer})`} or of another CA in its chain`,
  HOSTNAME_MISMATCH: wrongName,
  ERR_TLS_CERT_ALTNAME_INVALID: wrongName,
};

/** Message for two clients, for example two programs that connect to a relay. */
export const BOTH_ARE_CLIENTS =
  'both ends are TLS clients: set `role` to "server" at one end (in the options of connect or attach)';

/** Messages for handshakes that failed for a reason other than a certificate. */
const HANDSHAKE: readonly (readonly [RegExp, string])[] = [
  [/WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG|HTTP_REQUEST|BAD_RECORD_TYPE/, "the peer does not speak TLS"],
  [/UNSUPPORTED_PROTOCOL|VERSION_TOO_LOW/, "the peer supports no accepted version of TLS (1.2 or newer)"],
  [/NO_SHARED_CIPHER/, "the peer supports no accepted cipher"],
];

/** Returns undefined if the code does not concern the verification of a certificate. */
export function verificationReason(code: string, subject: VerificationContext): string | undefined {
  return VERIFICATION[code]?.(subject);
}

export function handshakeReason(error: { readonly code: string; readonly message: string }): string {
  const known = HANDSHAKE.find(([pattern]) => pattern.test(error.code));
  return known === undefined ? error.message : `${known[1]} (${error.message})`;
}

/** Converts a code such as `UNKNOWN_CA` to `unknown ca`. */
export function codeAsText(code: string): string {
  return code.replaceAll("_", " ").toLowerCase();
}

function notIssued(subject: VerificationContext): string {
  return `its chain does not lead to ${trustedCAs(subject)}`;
}

function trustedCAs({ options }: VerificationContext): string {
  if (typeof options.verifyAuthorities === "string") return `a trusted CA (${options.verifyAuthorities})`;
  const names = (options.verifyAuthorities ?? []).map((authority) => authority.subject);
  const shown = names.length > 3 ? [...names.slice(0, 3), `${names.length - 3} more`] : names;
  return `one of the trusted CAs (${shown.join("; ")})`;
}

function wrongName({ certificate, options }: VerificationContext): string {
  const wrong = `it is not for ${options.serverName ?? "the requested name"}`;
  if (certificate === undefined) return wrong;
  const names = certificate.subjectAltNames;
  return names.length > 0
    ? `${wrong} but for ${names.join(", ")}`
    : `${wrong}: it has no subject alternative name, and its common name does not count`;
}
