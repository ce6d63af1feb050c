/**
 * Making certificates. Imported only when one has to be made: the X.509 library takes some 100 ms to load,
 * and most programs have their certificates in files.
 */
import "reflect-metadata"; // the X.509 library wants it in place before itself
import { KeyObject, webcrypto } from "node:crypto";
import { isIP } from "node:net";
import { domainToASCII } from "node:url";
import * as x509 from "@peculiar/x509";
import { InvalidCertificate } from "../../core/errors/caller.ts";

export interface SelfSignedOptions {
  /** The subject's common name (CN): 1 to 64 characters. */
  readonly commonName: string;
  /** Host names and IP addresses that the certificate is for: what a client's `serverName` is compared with. */
  readonly hostNames?: readonly string[] | undefined;
  /** Days from now until it expires; 365 where nothing is said. */
  readonly validForDays?: number | undefined;
}

const ALGORITHM = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
const HOUR = 3_600_000;

export async function makeSelfSigned(
  options: SelfSignedOptions,
): Promise<{ certificatePEM: string; keyPEM: string }> {
  const { commonName, hostNames = [], validForDays = 365 } = options;
  if (typeof commonName !== "string" || commonName.length < 1 || commonName.length > 64) {
    throw new InvalidCertificate("self-signed certificate: commonName must have 1 to 64 characters");
  }
  if (!(validForDays > 0)) {
    throw new InvalidCertificate("self-signed certificate: validForDays must be a number over 0");
  }
  const names = hostNames.map(generalName);
  const now = Date.now();
  const keys = await webcrypto.subtle.generateKey(ALGORITHM, true, ["sign", "verify"]);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name: new x509.Name([{ CN: [{ utf8String: commonName }] }]), // as an object: a plain string would be unescaped
    keys,
    signingAlgorithm: ALGORITHM,
    notBefore: new Date(now - HOUR), // for peers whose clock is behind
    notAfter: new Date(now + validForDays * 24 * HOUR),
    extensions: [
      // No key usage: without "signs certificates" some verifiers do not take it for its own issuer,
      // and with it others reject it, because it is no authority.
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.ExtendedKeyUsageExtension([
        x509.ExtendedKeyUsage.serverAuth,
        x509.ExtendedKeyUsage.clientAuth,
      ]),
      ...(names.length > 0 ? [new x509.SubjectAlternativeNameExtension(names)] : []),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  const keyPEM = KeyObject.from(keys.privateKey).export({ type: "pkcs8", format: "pem" });
  return { certificatePEM: certificate.toString("pem"), keyPEM: keyPEM.toString() };
}

function generalName(hostName: string): { type: "ip" | "dns"; value: string } {
  if (isIP(hostName) !== 0) return { type: "ip", value: hostName };
  const value = domainToASCII(hostName);
  if (value === "")
    throw new InvalidCertificate(`self-signed certificate: ${JSON.stringify(hostName)} is no host name`);
  return { type: "dns", value };
}
