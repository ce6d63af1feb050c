/** `npm run soak`: builds the package and puts it under load for two minutes. Passes arguments to test/soak/main.mjs. */
import { npm, run } from "./run.mjs";
import { ensureDependencies, ensureNatsServer } from "./setup.mjs";

ensureDependencies();
if (process.argv.includes("--nats") && !ensureNatsServer("the soak over NATS")) process.exit(1);
const built = npm(["run", "--silent", "build"]);
process.exit(built === 0 ? run(process.execPath, ["test/soak/main.mjs", ...process.argv.slice(2)]) : built);
