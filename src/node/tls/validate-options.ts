/** Everything about an upgrade that can be found wrong before a byte is sent. */
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
 * Call it before the first byte of an upgrade: what it lets pass cannot fail for a reason of our own any more.
 *
 * @throws InvalidCertificate
 */
export function checkTLSOptions(options: TLSOptions, role: TLSRole): void {
  const { localCertificate, verifyAuthorities, serverName } = options;
  if (localCertificate !== undefined && !(localCertificate instanceof PrivateCertificate)) {
    throw new InvalidCertificate(
      "localCertificate is not a PrivateCertificate: PrivateCertificate.loadPEM makes one",
    );
  }
  if (verifyAuthorities !== undefined) checkAuthorities(verifyAuthorities);
  if (serverName !== undefined) checkServerName(serverName, options, role);
  checkVersions(options);
  try {
    secureContext(options);
  } catch (cause) {
    throw new InvalidCertificate(`TLS cannot be set up with this certificate: ${messageOf(cause)}`, {
      cause,
    });
  }
}

/**
 * Some streams cannot carry TLS, and Node may abort the whole process when it finds out by itself.
 *
 * @throws TypeError for a stream in object mode, with an encoding set, or that is TLS already
 */
export function checkStream(stream: Duplex): void {
  checkByteStream(stream, "TLS");
  if ("encrypted" in stream) throw new TypeError("TLS inside TLS is not possible: the stream is TLS already");
}

/** As it is sent and compared: international names in ASCII, without the dot of the root. */
export function normalServerName(serverName: string): string {
  return isIP(serverName) === 0 ? hostNameInASCII(serverName).replace(/\.$/, "") : serverName;
}

function checkAuthorities(authorities: readonly Certificate[]): void {
  if (!Array.isArray(authorities))
    throw new InvalidCertificate("verifyAuthorities is not an array of Certificates");
  if (authorities.length === 0) {
    throw new InvalidCertificate(
      "verifyAuthorities is empty: leave it out if the peer is not to be verified",
    );
  }
  for (const [index, authority] of authorities.entries()) {
    if (authority instanceof Certificate) continue;
    throw new InvalidCertificate(
      `verifyAuthorities[${index}] is not a Certificate: Certificate.loadPEM makes one`,
    );
  }
}

function checkServerName(serverName: string, options: TLSOptions, role: TLSRole): void {
  if (role === "server")
    throw new InvalidCertificate("serverName is for the TLS client, and this side is the server");
  if (options.verifyAuthorities === undefined) {
    throw new InvalidCertificate(
      "serverName needs verifyAuthorities: a name that nobody vouches for means nothing",
    );
  }
  if (typeof serverName !== "string" || normalServerName(serverName) === "") {
    throw new InvalidCertificate(
      `serverName ${JSON.stringify(serverName)} is neither a host name nor an IP address`,
    );
  }
}

function checkVersions({ minVersion = "TLSv1.2", maxVersion = "TLSv1.3" }: TLSOptions): void {
  const known: readonly string[] = ["TLSv1.2", "TLSv1.3"];
  const [oldest, newest] = [known.indexOf(minVersion), known.indexOf(maxVersion)];
  if (oldest >= 0 && newest >= oldest) return;
  throw new InvalidCertificate(
    `no version of TLS from ${minVersion} to ${maxVersion}: there are ${known.join(", ")}`,
  );
}
