/** TLS from the first byte: what `tls://` means. AMP itself starts in plaintext, and needs nothing of this. */
import { isIP } from "node:net";
import { type ConnectionOptions, checkServerIdentity, type SecureContextOptions } from "node:tls";
import type { TLSOptions } from "../../node/index.ts";

/** What Node's `tls.connect` is told: the same as StartTLS would tell it. */
export function clientOptions(options: TLSOptions): ConnectionOptions {
  const { serverName, verifyAuthorities } = options;
  return {
    ...contextOptions(options),
    rejectUnauthorized: verifyAuthorities !== undefined,
    ...(serverName === undefined || isIP(serverName) !== 0 ? {} : { servername: serverName }),
    checkServerIdentity: (_, certificate) =>
      serverName === undefined ? undefined : checkServerIdentity(serverName, certificate),
  };
}

/** What Node's `tls.createServer` is told. */
export function serverOptions(options: TLSOptions) {
  const verify = options.verifyAuthorities !== undefined;
  return { ...contextOptions(options), requestCert: verify, rejectUnauthorized: verify };
}

function contextOptions({ localCertificate, verifyAuthorities = [] }: TLSOptions): SecureContextOptions {
  return {
    // Empty where nobody is verified: without it Node would load its own roots.
    ca: verifyAuthorities.map((authority) => authority.toPEM()),
    ...(localCertificate === undefined
      ? {}
      : { cert: localCertificate.toPEMWithKey(), key: localCertificate.toPEMWithKey() }),
    minVersion: "TLSv1.2",
  };
}
