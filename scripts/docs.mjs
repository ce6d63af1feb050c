/**
 * `npm run docs`: makes the site, pages and API reference, in site/; it opens from disk. Exits 1 for a link that leads
 * nowhere, in what TypeDoc reads or in what it writes.
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

/** Links and images of one page that are not on the disk. Addresses elsewhere are not looked up. */
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
