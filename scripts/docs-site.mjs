/**
 * `npm run docs:site`: builds the documentation site in `site/`. `-- --serve` also serves it until Ctrl+C.
 * `-- --no-build` takes the package in `dist/` as built. `npm run docs:dev` serves it while its pages are edited. Both install the packages of docs/package.json, which the
 * product does not need. Exits 1 if a page does not compile or a link leads to no page.
 */
import { join } from "node:path";
import { npm, root, run } from "./run.mjs";
import { ensureDependencies } from "./setup.mjs";

const args = process.argv.slice(2);
const vitepress = join(root, "docs/node_modules/vitepress/bin/vitepress.js");

ensureDependencies();
ensureDependencies("docs");
if (!args.includes("--no-build")) stopOnFailure(npm(["run", "--silent", "build"]));
stopOnFailure(run(process.execPath, ["docs/generate/main.mjs"]));
if (args.includes("--dev")) {
  process.exit(run(process.execPath, [vitepress, "dev", "docs", "--host", "127.0.0.1"]));
}
stopOnFailure(run(process.execPath, [vitepress, "build", "docs"]));
if (args.includes("--serve")) {
  process.exit(run(process.execPath, [vitepress, "preview", "docs", "--host", "127.0.0.1"]));
}
console.log(
  `\nThe site is in ${join(root, "site")}. To open it at http://localhost:4173:\n\n  npm run docs:site -- --serve\n`,
);

/** @param {number} code */
function stopOnFailure(code) {
  if (code !== 0) process.exit(code);
}
