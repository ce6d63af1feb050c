/** Facts of package.json that the site shows. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("../..", import.meta.url));

const manifest = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"));

/** @type {string} */
export const version = manifest.version;

/** @type {string} */
export const description = manifest.description;

/** Address of the repository in a browser, without a slash at the end. @type {string} */
export const repository = manifest.repository.url.replace(/^git\+/, "").replace(/\.git$/, "");

/**
 * Entry points by the name that a program imports, with their folder in `src/` and `dist/`.
 * @type {ReadonlyMap<string, string>}
 */
export const entryPoints = new Map(
  Object.entries(manifest.exports)
    .filter(([, targets]) => targets.types !== undefined)
    .map(([path, { types }]) => [
      path.replace(/^\./, manifest.name),
      types.replace(/^\.\/dist\//, "").replace(/\/?index\.d\.ts$/, ""),
    ]),
);
