/**
 * `npm run check:types`, `npm run check:core`: checks the projects in the arguments. It runs the compiler by its path:
 * several versions are installed, and any of them may be npm's `tsc`.
 */
import { join } from "node:path";
import { root, run } from "./run.mjs";

const tsc = join(root, "node_modules", "typescript", "bin", "tsc");
const failed = process.argv.slice(2).filter((project) => run(process.execPath, [tsc, "-p", project]) !== 0);
process.exit(failed.length === 0 ? 0 : 1);
