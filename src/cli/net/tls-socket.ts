/** Options of `node:tls` for `tls://`: TLS from the first byte, with the rules of StartTLS. */
import type { ConnectionOptions } from "node:tls";
import type { TLSOptions } from "../../node/index.ts";
import { contextOptions } from "../../node/tls/context.ts";
import { identityOptions } from "../../node/tls/identity.ts";
import { checkTLSOptions } from "../../node/tls/validate-options.ts";

/**
 * Returns options for `tls.connect` that verify as StartTLS does.
 * @throws InvalidCertificate
 */
export function clientOptions(options: TLSOptions): ConnectionOptions {
  checkTLSOptions(options, "client");
  return {
    ...contextOptions(options),
    rejectUnauthorized: options.verifyAuthorities !== undefined,
    ...checkOfName(options.serverName),
  };
}

/** Returns the options that verify the name. The host stays that of the address. */
function checkOfName(serverName: string | undefined): ConnectionOptions {
  const { host: _, ...options } = identityOptions(serverName);
  return options;
}
