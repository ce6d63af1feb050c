/**
 * Node's TLS options for certificates, versions and sessions.
 *
 * Each combination of certificate, CAs and other options has one secure context, cached as long as the certificates live. A
 * context holds no state of a connection. Sessions are never resumed, because a resumed session skips the check of the
 * client's certificate.
 */
import { constants } from "node:crypto";
import { createSecureContext, type SecureContext, type SecureContextOptions } from "node:tls";
import { namedAuthorities } from "../certificates/authorities.ts";
import type { Certificate } from "../certificates/certificate.ts";
import type { PrivateCertificate } from "../certificates/private-certificate.ts";
import { revocationLists } from "../certificates/revocation.ts";
import { cipherOptions } from "./ciphers.ts";
import type { TLSOptions } from "./options.ts";

/** A node in the tree of cached contexts. The path is the certificate, the first CA, the second CA, and so on. */
interface Branch {
  /** Contexts by the remaining options, the least recently created first. */
  readonly contexts: Map<string, SecureContext>;
  readonly next: WeakMap<Certificate, Branch>;
}

/** Maximum number of contexts of one branch. A renewed revocation list replaces an old one. */
const MAX_CONTEXTS = 16;

const anonymous = newBranch();
const byCertificate = new WeakMap<Certificate, Branch>();

/** Returns the trusted CAs; undefined if the peer is not verified. @throws InvalidCertificate if the system's are missing */
function authoritiesOf({ verifyAuthorities }: TLSOptions): readonly Certificate[] | undefined {
  return typeof verifyAuthorities === "string" ? namedAuthorities(verifyAuthorities) : verifyAuthorities;
}

/** Returns the cached context. @throws Node's error for an unusable certificate: for example, for a key that is too small */
export function secureContext(options: TLSOptions): SecureContext {
  const { localCertificate, minVersion = "", maxVersion = "", ciphers, crl } = options;
  let branch = localCertificate === undefined ? anonymous : grow(byCertificate, localCertificate);
  for (const authority of authoritiesOf(options) ?? []) branch = grow(branch.next, authority);
  const { contexts } = branch;
  let key = `${minVersion}-${maxVersion}`;
  if (ciphers !== undefined) key += ` ${ciphers.join(" ")}`;
  for (const { digest } of crl === undefined ? [] : revocationLists(crl)) key += ` ${digest}`;
  let context = contexts.get(key);
  if (context === undefined) {
    context = createSecureContext(contextOptions(options));
    for (const oldest of contexts.keys()) {
      if (contexts.size < MAX_CONTEXTS) break;
      contexts.delete(oldest);
    }
    contexts.set(key, context);
  }
  return context;
}

/** Returns the options of a context. A TLS server needs them, because Node creates a server's context itself. */
export function contextOptions(options: TLSOptions): SecureContextOptions {
  const { localCertificate, minVersion = "TLSv1.2", maxVersion, ciphers, crl } = options;
  return {
    // Always set, even to an empty list: without `ca`, Node loads its own root certificates.
    ca: (authoritiesOf(options) ?? []).map((authority) => authority.toPEM()),
    // Every certificate of `ca` is trusted, not only roots: the program has named it.
    allowPartialTrustChain: true,
    ...(crl === undefined ? {} : { crl: revocationLists(crl).map(({ pem }) => pem) }),
    ...(localCertificate === undefined ? {} : presented(localCertificate)),
    minVersion,
    ...(maxVersion === undefined ? {} : { maxVersion }),
    ...cipherOptions(ciphers),
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
