/** Options of `node:tls` for `tls://`: TLS from the first byte, with the rules of StartTLS. */
import { isIP } from "node:net";
import { type ConnectionOptions, checkServerIdentity, type TlsOptions } from "node:tls";
import { DEFAULT_LIMITS } from "../../index.ts";
import type { TLSOptions } from "../../node/index.ts";
import { contextOptions } from "../../node/tls/context.ts";
import { checkTLSOptions, normalServerName } from "../../node/tls/validate-options.ts";

/**
 * Returns options for `tls.connect` that verify as StartTLS does.
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
 * Returns options for `tls.createServer` that verify as StartTLS does.
 * @throws InvalidCertificate
 */
export function serverOptions(options: TLSOptions): TlsOptions {
  checkTLSOptions(options, "server");
  const verify = options.verifyAuthorities !== undefined;
  return {
    ...contextOptions(options),
    requestCert: verify,
    rejectUnauthorized: verify,
    handshakeTimeout: DEFAULT_LIMITS.handshakeTimeout,
    allowHalfOpen: true, // a peer that has ended its side still receives its answers
  };
}
