/** `npm run vectors`: writes the golden bytes in test/vectors/ from a live Twisted. Passes arguments to vectors.py. */
import { run } from "./run.mjs";
import { ensureTwisted, python } from "./setup.mjs";

process.exit(ensureTwisted() ? run(python, ["scripts/vectors.py", ...process.argv.slice(2)]) : 1);
