/** Makes the tarball that would be published. */
import { join } from "node:path";
import { npmOutput } from "./run.mjs";

/**
 * @param {string} folder where it goes
 * @returns what npm tells of it (name, version, size, unpackedSize, files, shasum, ...), and its path
 */
export function pack(folder) {
  // `npm run release --dry-run`, without the dashes between, sets npm's own option: the file is wanted all the same.
  const options = ["--json", "--dry-run=false", "--loglevel=error", "--pack-destination", folder];
  const [tarball] = JSON.parse(npmOutput(["pack", ...options]));
  return { ...tarball, path: join(folder, tarball.filename) };
}
