/**
 * `npm run soak`: builds the package and puts it under load for two minutes. Passes its arguments to test/soak/main.mjs, or
 * to the program of another kind of load.
 */
import { npm, run } from "./run.mjs";
import { ensureDependencies, ensureNatsServer } from "./setup.mjs";

ensureDependencies();
if (process.argv.includes("--nats") && !ensureNatsServer("the soak over NATS")) process.exit(1);
const built = npm(["run", "--silent", "build"]);
const args = process.argv.slice(2);
const program = args.includes("--restarts") ? "restarts" : "main";
process.exit(built === 0 ? run(process.execPath, [`test/soak/${program}.mjs`, ...args]) : built);
