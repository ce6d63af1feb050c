/**
 * What Node is told about certificates, versions and sessions.
 *
 * Contexts are made once for each certificate and list of authorities, and live as long as these do. They
 * hold nothing of a single connection: sessions are never resumed, since a resumed one would skip the proof
 * of who the client is.
 */
import { constants } from "node:crypto";
import { createSecureContext, type SecureContext, type SecureContextOptions } from "node:tls";
import type { Certificate } from "../certificates/certificate.ts";
import type { PrivateCertificate } from "../certificates/private-certificate.ts";
import type { TLSOptions } from "./options.ts";

/** A branch of the tree in which contexts are kept: certificate, first authority, second authority, ... */
interface Branch {
  /** By versions. */
  readonly contexts: Map<string, SecureContext>;
  readonly next: WeakMap<Certificate, Branch>;
}

const anonymous = newBranch();
const byCertificate = new WeakMap<Certificate, Branch>();

/** @throws whatever Node finds wrong with the certificate: a key too small, for example */
export function secureContext(options: TLSOptions): SecureContext {
  const { localCertificate, verifyAuthorities = [], minVersion = "", maxVersion = "" } = options;
  let branch = localCertificate === undefined ? anonymous : grow(byCertificate, localCertificate);
  for (const authority of verifyAuthorities) branch = grow(branch.next, authority);
  const versions = `${minVersion}-${maxVersion}`;
  let context = branch.contexts.get(versions);
  if (context === undefined) {
    context = createSecureContext(contextOptions(options));
    branch.contexts.set(versions, context);
  }
  return context;
}

/** The same as Node's options, for a TLS server: Node makes the context of a server itself. */
export function contextOptions(options: TLSOptions): SecureContextOptions {
  const { localCertificate, verifyAuthorities = [], minVersion = "TLSv1.2", maxVersion } = options;
  return {
    // An empty list where nothing is verified: leaving it out would load Node's own roots.
    ca: verifyAuthorities.map((authority) => authority.toPEM()),
    ...(localCertificate === undefined ? {} : presented(localCertificate)),
    minVersion,
    ...(maxVersion === undefined ? {} : { maxVersion }),
    // OpenSSL would let a TLS 1.2 server renegotiate with us as client; Node's disableRenegotiation is for servers.
    secureOptions: constants.SSL_OP_NO_TICKET | constants.SSL_OP_NO_RENEGOTIATION,
  };
}

function presented(certificate: PrivateCertificate): SecureContextOptions {
  const chain = [certificate, ...certificate.chain];
  return {
    cert: chain.map((link) => link.toPEM()).join(""),
    key: certificate.privateKey.export({ type: "pkcs8", format: "pem" }),
  };
}

function grow(branches: WeakMap<Certificate, Branch>, certificate: Certificate): Branch {
  let branch = branches.get(certificate);
  if (branch === undefined) {
    branch = newBranch();
    branches.set(certificate, branch);
  }
  return branch;
}

function newBranch(): Branch {
  return { contexts: new Map(), next: new WeakMap() };
}
