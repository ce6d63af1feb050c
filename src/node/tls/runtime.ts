/** Differences between the runtimes that offer `node:tls`. */

/** True on Node itself. Bun and Deno have other TLS libraries, without security levels and revocation lists. */
export const IS_NODE = isNode(process.versions);

/** Returns true if the versions are those of Node. Bun and Deno add their own to the versions of the Node that they imitate. */
export function isNode(versions: NodeJS.ProcessVersions): boolean {
  return versions.bun === undefined && versions.deno === undefined;
}
