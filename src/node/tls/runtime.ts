/** Differences between the runtimes that offer `node:tls`. */

/** True on Node itself. Bun and Deno have other TLS libraries, without security levels and revocation lists. */
export const IS_NODE = process.versions.bun === undefined && process.versions.deno === undefined;
