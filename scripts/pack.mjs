/** Packs the package as npm would publish it. */
import { join } from "node:path";
import { npmOutput } from "./run.mjs";

/**
 * Writes the tarball.
 *
 * @param {string} folder target folder
 * @returns the description by npm (name, version, size, unpackedSize, files, shasum, ...), and the path
 */
export function pack(folder) {
  // `npm run release --dry-run`, without `--`, sets npm's own option. The file is needed even then.
  const options = ["--json", "--dry-run=false", "--loglevel=error", "--pack-destination", folder];
  const [tarball] = JSON.parse(npmOutput(["pack", ...options]));
  return { ...tarball, path: join(folder, tarball.filename) };
}
