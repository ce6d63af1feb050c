/** Checks of the options of an upgrade, made before a byte is sent. */
import { isIP } from "node:net";
import type { Duplex } from "node:stream";
import { InvalidCertificate } from "../../core/errors/tls.ts";
import { messageOf } from "../../core/errors/to-error.ts";
import { checkByteStream } from "../byte-stream.ts";
import { Certificate } from "../certificates/certificate.ts";
import { hostNameInASCII } from "../certificates/host-name.ts";
import { PrivateCertificate } from "../certificates/private-certificate.ts";
import { secureContext } from "./context.ts";
import type { TLSOptions, TLSRole } from "./options.ts";

/**
 * Checks the TLS options of this end. Call it before the first byte of an upgrade: afterwards, only the peer or the network
 * can make the upgrade fail.
 *
 * @throws InvalidCertificate for invalid options
 */
export function checkTLSOptions(options: TLSOptions, role: TLSRole): void {
  const { localCertificate, verifyAuthorities, serverName } = options;
  if (localCertificate !== undefined && !(localCertificate instanceof PrivateCertificate)) {
    throw new InvalidCertificate(
      "localCertificate is not a PrivateCertificate: use PrivateCertificate.loadPEM",
    );
  }
  if (verifyAuthorities !== undefined) checkAuthorities(verifyAuthorities);
  if (serverName !== undefined) checkServerName(serverName, options, role);
  checkVersions(options);
  try {
    secureContext(options);
  } catch (cause) {
    throw new InvalidCertificate(`localCertificate cannot be used for TLS: ${messageOf(cause)}`, {
      cause,
    });
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

/** Returns the name as it is sent and compared: international names in ASCII, without a trailing dot. */
export function normalServerName(serverName: string): string {
  return isIP(serverName) === 0 ? hostNameInASCII(serverName).replace(/\.$/, "") : serverName;
}

function checkAuthorities(authorities: readonly Certificate[]): void {
  if (!Array.isArray(authorities))
    throw new InvalidCertificate("verifyAuthorities is not an array of Certificates");
  if (authorities.length === 0) {
    throw new InvalidCertificate(
      "verifyAuthorities is empty: add a CA, or omit the option to skip verification",
    );
  }
  for (const [index, authority] of authorities.entries()) {
    if (authority instanceof Certificate) continue;
    throw new InvalidCertificate(`verifyAuthorities[${index}] is not a Certificate: use Certificate.loadPEM`);
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

function checkVersions({ minVersion = "TLSv1.2", maxVersion = "TLSv1.3" }: TLSOptions): void {
  const known: readonly string[] = ["TLSv1.2", "TLSv1.3"];
  const [oldest, newest] = [known.indexOf(minVersion), known.indexOf(maxVersion)];
  if (oldest >= 0 && newest >= oldest) return;
  throw new InvalidCertificate(
    `invalid range of TLS versions from ${minVersion} to ${maxVersion}: supported are ${known.join(" and ")}`,
  );
}
