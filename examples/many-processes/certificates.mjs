/** A private certificate authority, and the certificates of the servers and of the clients, in PEM files of a folder. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { PrivateCertificate } from "ampwire/node";

/** The name in the certificate of every server process: they are one service. */
export const SERVICE = "bank.example";

/** Writes `ca.pem` and `server.pem`. Returns the TLS options of a client. */
export async function writeCertificates(folder) {
  const authority = await PrivateCertificate.authority({ commonName: "Example CA" });
  const server = await authority.issue({ commonName: SERVICE, hostNames: [SERVICE] });
  const client = await authority.issue({ commonName: "a client", usage: "client" });
  writeFileSync(join(folder, "ca.pem"), authority.toPEM());
  writeFileSync(join(folder, "server.pem"), server.toPEMWithKey(), { mode: 0o600 });
  return { localCertificate: client, verifyAuthorities: [authority], serverName: SERVICE };
}
