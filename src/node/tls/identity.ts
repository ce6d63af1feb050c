/** The check of the name in the server's certificate. */
import { X509Certificate } from "node:crypto";
import { isIP } from "node:net";
import { type ConnectionOptions, checkServerIdentity, type PeerCertificate } from "node:tls";
import { toError } from "../../core/errors/to-error.ts";
import { normalHostName } from "../certificates/host-name.ts";

/** Returns the name as it is sent and compared, or an empty string for an invalid name. A wildcard is not a name. */
export function normalServerName(serverName: string): string {
  return serverName.includes("*") ? "" : normalHostName(serverName);
}

/** Returns the options that verify the name. Without a name, Node would compare the certificate with `localhost`. */
export function identityOptions(serverName: string | undefined): ConnectionOptions {
  if (serverName === undefined) return { checkServerIdentity: () => undefined };
  const name = normalServerName(serverName);
  return {
    ...(isIP(name) === 0 ? { servername: name } : { host: name }),
    checkServerIdentity(_, certificate) {
      try {
        return checkIdentity(name, certificate);
      } catch (error) {
        return toError(error); // Node does not catch it: it would end the process
      }
    },
  };
}

/** Returns the error if the certificate is not for the name. Only subject alternative names count (RFC 9525). */
function checkIdentity(name: string, certificate: PeerCertificate): Error | undefined {
  // Node 22.23 finds no IPv6 address in a certificate, so OpenSSL compares addresses.
  if (isIP(name) !== 0 && new X509Certificate(certificate.raw).checkIP(name) !== undefined) return undefined;
  // Without the subject: Node would accept its common name if there is no alternative name, and reads nothing else of it.
  const subject = {} as PeerCertificate["subject"]; // its fields may be missing
  // Node escapes a comma inside a name.
  const names = certificate.subjectaltname?.split(", ").filter(isRightWildcard).join(", ");
  return checkServerIdentity(name, {
    ...certificate,
    ...(names === undefined ? {} : { subjectaltname: names }),
    subject,
  });
}

/** False for a wildcard that is not the whole first label, for example `f*.example`: Node accepts it, RFC 9525 does not. */
function isRightWildcard(name: string): boolean {
  const last = name.startsWith("DNS:") ? name.lastIndexOf("*") : -1;
  return last < 0 || (last === "DNS:".length && name[last + 1] === ".");
}
