/** TLS from the first byte: what `tls://` means. AMP itself starts in plaintext, and needs nothing of this. */
import { isIP } from "node:net";
import { type ConnectionOptions, checkServerIdentity, type TlsOptions } from "node:tls";
import type { TLSOptions } from "../../node/index.ts";
import { contextOptions } from "../../node/tls/context.ts";
import { checkTLSOptions, normalServerName } from "../../node/tls/validate-options.ts";

/** Milliseconds. */
const HANDSHAKE_TIMEOUT = 10_000;

/**
 * What Node's `tls.connect` is told: the same as StartTLS would tell it.
 * @throws InvalidCertificate
 */
export function clientOptions(options: TLSOptions): ConnectionOptions {
  checkTLSOptions(options, "client");
  const { serverName, verifyAuthorities } = options;
  const name = serverName === undefined ? undefined : normalServerName(serverName);
  return {
    ...contextOptions(options),
    rejectUnauthorized: verifyAuthorities !== undefined,
    ...(name === undefined || isIP(name) !== 0 ? {} : { servername: name }),
    checkServerIdentity: (_, certificate) =>
      name === undefined ? undefined : checkServerIdentity(name, certificate),
  };
}

/**
 * What Node's `tls.createServer` is told: likewise.
 * @throws InvalidCertificate
 */
export function serverOptions(options: TLSOptions): TlsOptions {
  checkTLSOptions(options, "server");
  const verify = options.verifyAuthorities !== undefined;
  return {
    ...contextOptions(options),
    requestCert: verify,
    rejectUnauthorized: verify,
    handshakeTimeout: HANDSHAKE_TIMEOUT,
    allowHalfOpen: true, // as `listen` has it: a peer that has ended its side still gets its answers
  };
}
