/**
 * The cipher suites that the library accepts: with forward secrecy and authenticated encryption. They exclude key exchange by
 * RSA, CBC and SHA-1.
 */
import type { SecureContextOptions } from "node:tls";
import { InvalidCertificate } from "../../core/errors/tls.ts";
import { IS_NODE } from "./runtime.ts";

/** Standard names of the suites with OpenSSL's names, the preferred suite first. */
const SUITES: Readonly<Record<string, string>> = {
  TLS_AES_256_GCM_SHA384: "TLS_AES_256_GCM_SHA384",
  TLS_CHACHA20_POLY1305_SHA256: "TLS_CHACHA20_POLY1305_SHA256",
  TLS_AES_128_GCM_SHA256: "TLS_AES_128_GCM_SHA256",
  TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256: "ECDHE-ECDSA-AES128-GCM-SHA256",
  TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256: "ECDHE-RSA-AES128-GCM-SHA256",
  TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384: "ECDHE-ECDSA-AES256-GCM-SHA384",
  TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384: "ECDHE-RSA-AES256-GCM-SHA384",
  TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256: "ECDHE-ECDSA-CHACHA20-POLY1305",
  TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256: "ECDHE-RSA-CHACHA20-POLY1305",
  TLS_DHE_RSA_WITH_AES_128_GCM_SHA256: "DHE-RSA-AES128-GCM-SHA256",
  TLS_DHE_RSA_WITH_AES_256_GCM_SHA384: "DHE-RSA-AES256-GCM-SHA384",
  TLS_DHE_RSA_WITH_CHACHA20_POLY1305_SHA256: "DHE-RSA-CHACHA20-POLY1305",
};
const ALL = Object.values(SUITES);

/**
 * Security level 2 of OpenSSL refuses RSA keys under 2048 bits and SHA-1 signatures, in handshakes and in all certificates of a
 * chain. It is the default of recent versions of Node only. Other TLS libraries do not know levels.
 */
const SECURITY_LEVEL = IS_NODE ? ["@SECLEVEL=2"] : [];

/** Names of the suites of TLS 1.2, without which OpenSSL accepts no list. */
const OF_TLS12 = ALL.filter((name) => !name.startsWith("TLS_"));

const DEFAULTS: SecureContextOptions = { ciphers: [...ALL, ...SECURITY_LEVEL].join(":") };

/**
 * Returns the suites as options of a context. If they belong to one version of TLS, that version is the only one.
 * @throws InvalidCertificate for a suite that the library does not accept
 */
export function cipherOptions(ciphers?: readonly string[]): SecureContextOptions {
  if (ciphers === undefined) return DEFAULTS;
  if (!Array.isArray(ciphers) || ciphers.length === 0)
    throw new InvalidCertificate("ciphers must be an array of names of cipher suites, and not empty");
  const names = ciphers.map(openSSLName);
  const ofTLS13 = names.filter((name) => name.startsWith("TLS_")).length;
  const onlyTLS13 = ofTLS13 === names.length;
  return {
    ciphers: [...names, ...(onlyTLS13 ? OF_TLS12 : []), ...SECURITY_LEVEL].join(":"),
    ...(onlyTLS13 ? { minVersion: "TLSv1.3" } : {}),
    ...(ofTLS13 === 0 ? { maxVersion: "TLSv1.2" } : {}),
  };
}

function openSSLName(name: unknown): string {
  const known =
    ALL.find((one) => one === name) ?? (Object.hasOwn(SUITES, String(name)) && SUITES[String(name)]);
  if (known) return known;
  throw new InvalidCertificate(
    `ciphers: ${JSON.stringify(name)} is unknown or too weak; accepted are ${Object.keys(SUITES).join(", ")}`,
  );
}
