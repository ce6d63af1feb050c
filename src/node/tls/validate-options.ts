/** Checks of the options of an upgrade, made before a byte is sent. */
import type { Duplex } from "node:stream";
import { anotherCopy } from "../../core/errors/brand.ts";
import { InvalidCertificate } from "../../core/errors/tls.ts";
import { messageOf } from "../../core/errors/to-error.ts";
import { checkTLSOptionNames } from "../../core/features/protocol-change/tls-option-names.ts";
import { checkByteStream } from "../byte-stream.ts";
import { Certificate } from "../certificates/certificate.ts";
import { PrivateCertificate } from "../certificates/private-certificate.ts";
import { weakKey, weakness } from "../certificates/strength.ts";
import { cipherOptions } from "./ciphers.ts";
import { secureContext } from "./context.ts";
import { normalServerName } from "./identity.ts";
import type { TLSOptions, TLSRole } from "./options.ts";
import { IS_NODE } from "./runtime.ts";

/**
 * Checks the TLS options of this end. Call it before the first byte of an upgrade: afterwards, only the peer or the network
 * can make the upgrade fail.
 *
 * @param isNode false on Bun and Deno, which have no revocation lists
 * @throws InvalidCertificate for invalid options, TypeError for an option that does not exist or is null
 */
export function checkTLSOptions(options: TLSOptions, role: TLSRole, isNode = IS_NODE): void {
  checkTLSOptionNames("tls", options);
  const { localCertificate, verifyAuthorities, serverName } = options;
  if (localCertificate !== undefined) checkLocalCertificate(localCertificate);
  if (verifyAuthorities !== undefined) checkAuthorities(verifyAuthorities);
  if (serverName !== undefined) checkServerName(serverName, options, role);
  checkVersions(options);
  checkCRL(options, isNode);
  checkFunctions(options, role);
  try {
    secureContext(options);
  } catch (cause) {
    if (cause instanceof InvalidCertificate) throw cause;
    const what = localCertificate === undefined ? "the options" : "localCertificate";
    throw new InvalidCertificate(`${what} cannot be used for TLS: ${messageOf(cause)}`, { cause });
  }
}

/**
 * Checks that a stream can carry TLS. Without the check, Node may abort the whole process.
 *
 * @throws TypeError for a stream in object mode, with an encoding set, or a TLS stream
 */
export function checkStream(stream: Duplex): void {
  checkByteStream(stream, "TLS");
  if ("encrypted" in stream)
    throw new TypeError("the stream is a TLS stream already; TLS inside TLS is not supported");
}

/**
 * Checks the certificate of this end. Peers would refuse a weak one; the message here names the certificate to replace.
 * @throws InvalidCertificate
 */
export function checkLocalCertificate(certificate: PrivateCertificate): void {
  if (!(certificate instanceof PrivateCertificate)) {
    throw notOurs(
      certificate,
      "localCertificate is not a PrivateCertificate: use PrivateCertificate.loadPEM",
    );
  }
  for (const link of [certificate, ...certificate.chain]) {
    const reason = weakness(link);
    if (reason !== undefined)
      throw new InvalidCertificate(`localCertificate cannot be used for TLS: ${link} ${reason}`);
  }
}

/** Returns the error for a value that is not a certificate. Old copies of the package have certificates without a brand. */
function notOurs(value: unknown, message: string): InvalidCertificate {
  const isCopy =
    typeof value === "object" && value !== null && "x509" in value && !(value instanceof Certificate);
  return new InvalidCertificate(isCopy ? anotherCopy("the certificate") : message);
}

function checkAuthorities(authorities: readonly Certificate[] | string): void {
  if (authorities === "public" || authorities === "system") return;
  if (!Array.isArray(authorities))
    throw new InvalidCertificate(`verifyAuthorities is not an array of Certificates, "public" or "system"`);
  if (authorities.length === 0) {
    throw new InvalidCertificate(
      "verifyAuthorities is empty: add a CA, or omit the option to skip verification",
    );
  }
  for (const [index, authority] of authorities.entries()) {
    if (!(authority instanceof Certificate))
      throw notOurs(authority, `verifyAuthorities[${index}] is not a Certificate: use Certificate.loadPEM`);
    const reason = weakKey(authority);
    if (reason !== undefined)
      throw new InvalidCertificate(`verifyAuthorities[${index}] (${authority}) ${reason}`);
  }
}

function checkServerName(serverName: string, options: TLSOptions, role: TLSRole): void {
  if (role === "server")
    throw new InvalidCertificate("serverName is for TLS clients only; this end is the TLS server");
  if (options.verifyAuthorities === undefined) {
    throw new InvalidCertificate(
      "serverName needs verifyAuthorities: the name in an unverified certificate proves nothing",
    );
  }
  if (typeof serverName !== "string" || normalServerName(serverName) === "") {
    throw new InvalidCertificate(
      `serverName ${JSON.stringify(serverName)} is not a host name or an IP address`,
    );
  }
}

function checkVersions({ minVersion = "TLSv1.2", maxVersion = "TLSv1.3", ciphers }: TLSOptions): void {
  const known: readonly string[] = ["TLSv1.2", "TLSv1.3"];
  const [oldest, newest] = [known.indexOf(minVersion), known.indexOf(maxVersion)];
  if (oldest < 0 || newest < oldest) {
    throw new InvalidCertificate(
      `invalid range of TLS versions from ${minVersion} to ${maxVersion}: supported are ${known.join(" and ")}`,
    );
  }
  const suites = cipherOptions(ciphers);
  // The names of the versions are in alphabetical order.
  if ((suites.minVersion ?? minVersion) <= maxVersion && (suites.maxVersion ?? maxVersion) >= minVersion)
    return;
  throw new InvalidCertificate(
    `ciphers: no suite of the list is for a version from ${minVersion} to ${maxVersion}`,
  );
}

function checkCRL({ crl, verifyAuthorities }: TLSOptions, isNode: boolean): void {
  if (crl === undefined) return;
  if (verifyAuthorities === undefined)
    throw new InvalidCertificate("crl needs verifyAuthorities: without them, no certificate is verified");
  if (!isNode)
    throw new InvalidCertificate("crl is available on Node only: this runtime would ignore the lists");
}

function checkFunctions({ keyLog, certificateFor }: TLSOptions, role: TLSRole): void {
  for (const [name, value] of Object.entries({ keyLog, certificateFor })) {
    if (value !== undefined && typeof value !== "function")
      throw new TypeError(`tls: ${name} must be a function, not ${typeof value}`);
  }
  if (certificateFor !== undefined && role === "client")
    throw new InvalidCertificate("certificateFor is for TLS servers only; this end is the TLS client");
}
