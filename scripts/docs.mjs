/**
 * `npm run docs`: writes the pages and the API reference to site/, which opens from disk. Exits 1 if a link is dead, in
 * the input or the output of TypeDoc.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { npm, root } from "./run.mjs";
import { ensureDependencies } from "./setup.mjs";

ensureDependencies();
const made = npm(["run", "--silent", "docs:site"]);
if (made !== 0) process.exit(made);

const site = join(root, "site");
const files = readdirSync(site, { recursive: true, encoding: "utf8" }).filter((file) =>
  file.endsWith(".html"),
);
const dead = files.flatMap((file) => deadLinks(file));
for (const link of dead) console.error(link);
console.log(`${files.length} pages in site/index.html, ${dead.length} dead links`);
process.exit(dead.length === 0 ? 0 : 1);

/** Returns the links and images of one page that are not on disk. External addresses are not checked. */
function deadLinks(file) {
  const html = readFileSync(join(site, file), "utf8");
  const targets = [...html.matchAll(/\s(?:href|src)="([^"#?]+)[^"]*"/g)].map(([, target]) =>
    decodeURI(target),
  );
  return targets
    .filter((target) => !/^[a-z]+:/i.test(target))
    .filter((target) => !existsSync(normalize(join(site, dirname(file), target))))
    .map((target) => `${file}: ${target}`);
}
