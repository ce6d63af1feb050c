/** The check of the name in the server's certificate. */
import { X509Certificate } from "node:crypto";
import { isIP } from "node:net";
import { type ConnectionOptions, checkServerIdentity, type PeerCertificate } from "node:tls";
import { hostNameInASCII, withoutBrackets } from "../certificates/host-name.ts";

/** Returns the name as it is sent and compared: without brackets or a trailing dot, international names in ASCII. */
export function normalServerName(serverName: string): string {
  const name = withoutBrackets(serverName);
  return isIP(name) === 0 ? hostNameInASCII(name).replace(/\.$/, "") : name;
}

/** Returns the options that verify the name. Without a name, Node would compare the certificate with `localhost`. */
export function identityOptions(serverName: string | undefined): ConnectionOptions {
  if (serverName === undefined) return { checkServerIdentity: () => undefined };
  const name = normalServerName(serverName);
  return {
    ...(isIP(name) === 0 ? { servername: name } : { host: name }),
    checkServerIdentity: (_, certificate) => checkIdentity(name, certificate),
  };
}

/** Returns the error if the certificate is not for the name. Only subject alternative names count (RFC 9525). */
function checkIdentity(name: string, certificate: PeerCertificate): Error | undefined {
  // Node 22.23 finds no IPv6 address in a certificate, so OpenSSL compares addresses.
  if (isIP(name) !== 0 && new X509Certificate(certificate.raw).checkIP(name) !== undefined) return undefined;
  // Without the subject: Node would accept its common name if there is no alternative name, and reads nothing else of it.
  const subject = {} as PeerCertificate["subject"]; // its fields may be missing
  return checkServerIdentity(name, { ...certificate, subject });
}
