/** `npm start`: builds the package and runs the example conversation on it. */
import { npm, run } from "./run.mjs";
import { ensureDependencies } from "./setup.mjs";

ensureDependencies();
const built = npm(["run", "--silent", "build"]);
process.exit(built === 0 ? run(process.execPath, ["examples/conversation/main.mjs"]) : built);
