/** `npm run fuzz`: builds the package and searches for inputs that break its properties. Passes arguments to test/fuzz/main.mjs. */
import { npm, run } from "./run.mjs";
import { ensureDependencies, ensureTwisted, python } from "./setup.mjs";

ensureDependencies();
const env = { ...process.env, AMPWIRE_PYTHON: python, AMPWIRE_TWISTED: ensureTwisted() ? "1" : "0" };
const built = npm(["run", "--silent", "build"]);
process.exit(
  built === 0 ? run(process.execPath, ["test/fuzz/main.mjs", ...process.argv.slice(2)], { env }) : built,
);
