/** OpenSSL's reasons in words that tell a person what to look at. */
import type { Certificate } from "../certificates/certificate.ts";
import type { TLSOptions, TLSRole } from "./options.ts";

/** What a reason is about. */
export interface Subject {
  readonly certificate: Certificate | undefined;
  readonly options: TLSOptions & { readonly role: TLSRole };
}

/** Ends the sentence "the peer's certificate (CN=x, issued by CN=y) is not trusted: ". */
const VERIFICATION: Readonly<Record<string, (subject: Subject) => string>> = {
  UNABLE_TO_GET_ISSUER_CERT: noIssuer,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: noIssuer,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: noIssuer,
  SELF_SIGNED_CERT_IN_CHAIN: noIssuer,
  DEPTH_ZERO_SELF_SIGNED_CERT: (subject) => `it is self-signed and is not itself ${ours(subject)}`,
  CERT_SIGNATURE_FAILURE: () => "its signature was not made with the key of the authority that it names",
  CERT_HAS_EXPIRED({ certificate }) {
    if (certificate === undefined) return "it, or an authority above it, has expired";
    return certificate.validTo.getTime() < Date.now()
      ? `it expired on ${certificate.validTo.toISOString()}`
      : "an authority above it has expired";
  },
  CERT_NOT_YET_VALID({ certificate }) {
    if (certificate === undefined) return "it, or an authority above it, is not valid yet";
    return certificate.validFrom.getTime() > Date.now()
      ? `it is not valid before ${certificate.validFrom.toISOString()}`
      : "an authority above it is not valid yet";
  },
  INVALID_PURPOSE: ({ options }) =>
    `it, or an authority above it, is not made for TLS ${options.role === "client" ? "servers" : "clients"}`,
  INVALID_CA: () => "what issued it is not an authority's certificate",
  PATH_LENGTH_EXCEEDED: () => "there are more authorities between it and its root than the root allows",
  CERT_CHAIN_TOO_LONG: () => "its chain is too long",
  CERT_REVOKED: () => "it was revoked",
  HOSTNAME_MISMATCH: wrongName,
  ERR_TLS_CERT_ALTNAME_INVALID: wrongName,
};

/** Of a handshake that failed without any judgement on a certificate. */
const HANDSHAKE: readonly (readonly [RegExp, string])[] = [
  [/WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG|HTTP_REQUEST|BAD_RECORD_TYPE/, "the peer does not speak TLS"],
  [/UNSUPPORTED_PROTOCOL|VERSION_TOO_LOW/, "the peer has no version of TLS that we accept (1.2 or newer)"],
  [/NO_SHARED_CIPHER/, "the peer has no cipher that we accept"],
];

/** undefined when the code is not about verifying a certificate. */
export function verificationReason(code: string, subject: Subject): string | undefined {
  return VERIFICATION[code]?.(subject);
}

export function handshakeReason(error: { readonly code: string; readonly message: string }): string {
  const known = HANDSHAKE.find(([pattern]) => pattern.test(error.code));
  return known === undefined ? error.message : `${known[1]} (${error.message})`;
}

/** `UNKNOWN_CA` as `unknown ca`. */
export function inWords(code: string): string {
  return code.replaceAll("_", " ").toLowerCase();
}

function noIssuer(subject: Subject): string {
  return `it does not lead to ${ours(subject)}`;
}

function ours({ options }: Subject): string {
  const names = (options.verifyAuthorities ?? []).map((authority) => authority.subject);
  const shown = names.length > 3 ? [...names.slice(0, 3), `${names.length - 3} more`] : names;
  return `one of the authorities given (${shown.join("; ")})`;
}

function wrongName({ certificate, options }: Subject): string {
  const wrong = `it is not for ${options.serverName ?? "the name asked for"}`;
  if (certificate === undefined) return wrong;
  const names = certificate.subjectAltNames;
  return `${wrong} but for ${names.length > 0 ? names.join(", ") : certificate.subject}`;
}
