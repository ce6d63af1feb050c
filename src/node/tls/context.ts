/**
 * Node's TLS options for certificates, versions and sessions.
 *
 * Each combination of certificate, CAs and versions has one secure context, cached as long as the certificates live. A
 * context holds no state of a connection. Sessions are never resumed, because a resumed session skips the check of the
 * client's certificate.
 */
import { constants } from "node:crypto";
import { createSecureContext, type SecureContext, type SecureContextOptions } from "node:tls";
import type { Certificate } from "../certificates/certificate.ts";
import type { PrivateCertificate } from "../certificates/private-certificate.ts";
import type { TLSOptions } from "./options.ts";

/** A node in the tree of cached contexts. The path is the certificate, the first CA, the second CA, and so on. */
interface Branch {
  /** Contexts by the range of versions. */
  readonly contexts: Map<string, SecureContext>;
  readonly next: WeakMap<Certificate, Branch>;
}

const anonymous = newBranch();
const byCertificate = new WeakMap<Certificate, Branch>();

/** Returns the cached context. @throws Node's error for an unusable certificate: for example, for a key that is too small */
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

/** Returns the options of a context. A TLS server needs them, because Node creates a server's context itself. */
export function contextOptions(options: TLSOptions): SecureContextOptions {
  const { localCertificate, verifyAuthorities = [], minVersion = "TLSv1.2", maxVersion } = options;
  return {
    // Always set, even to an empty list: without `ca`, Node loads its own root certificates.
    ca: verifyAuthorities.map((authority) => authority.toPEM()),
    ...(localCertificate === undefined ? {} : presented(localCertificate)),
    minVersion,
    ...(maxVersion === undefined ? {} : { maxVersion }),
    // NO_RENEGOTIATION: OpenSSL lets a TLS 1.2 server renegotiate, and Node's disableRenegotiation affects servers only.
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
