/** `npm run vectors`: makes the golden bytes in test/vectors/ anew from a live Twisted. Arguments are passed on. */
import { run } from "./run.mjs";
import { ensureTwisted, python } from "./setup.mjs";

process.exit(ensureTwisted() ? run(python, ["scripts/vectors.py", ...process.argv.slice(2)]) : 1);
