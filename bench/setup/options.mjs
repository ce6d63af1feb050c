/** What the command line asks for. */
import { parseArgs } from "node:util";

export const HELP = `npm run bench -- [options]

  --quick             fewer and shorter samples, and only what has a target: under two minutes
  --check             compare with the targets, exit 1 when one is missed
  --growth            how the cost grows with calls, connections, bytes and keys (workloads/growth.mjs), and nothing else
  --instructions      count the instructions of a call, function by function, and nothing else: needs valgrind
  --write             write the tables into docs/performance.md
  --plot              draw the plots of that page
  --only ID,ID        these workloads (see workloads/index.mjs)
  --peers ID,ID       these peers (see peers/index.mjs)
  --placement P       one (client and server on one core; default), each (a core each), free, or both (one and each)
  --core N            the core for placement one; default 0
  --samples N         samples of each peer and workload
  --ms N              milliseconds of a sample
  --passes N          how often everything begins anew with fresh processes
  --dist DIR          measure this build of ampwire, and build nothing
  --against DIR       measure another build of ampwire beside this one: DIR is its dist
  --profile DIR       write a CPU profile of every Node process (passes: 1)
  --json FILE         write the raw figures
`;

const NUMBERS = ["samples", "ms", "passes", "core"];

/** @throws TypeError for options that make no sense */
export function readOptions(args) {
  const { values } = parseArgs({
    args,
    options: {
      help: { type: "boolean", default: false },
      quick: { type: "boolean", default: false },
      check: { type: "boolean", default: false },
      growth: { type: "boolean", default: false },
      instructions: { type: "boolean", default: false },
      write: { type: "boolean", default: false },
      plot: { type: "boolean", default: false },
      only: { type: "string" },
      peers: { type: "string" },
      placement: { type: "string", default: "one" },
      core: { type: "string", default: "0" },
      samples: { type: "string" },
      ms: { type: "string" },
      passes: { type: "string" },
      dist: { type: "string" },
      against: { type: "string" },
      profile: { type: "string" },
      json: { type: "string" },
    },
  });
  const few = values.quick || values.growth;
  const defaults = few ? { samples: 5, ms: 200, passes: 1 } : { samples: 7, ms: 500, passes: 2 };
  const options = { ...defaults, ...values, only: list(values.only), peers: list(values.peers) };
  for (const name of NUMBERS) options[name] = number(name, options[name]);
  if (!["one", "each", "free", "both"].includes(options.placement)) {
    throw new TypeError(`there is no placement ${options.placement}`);
  }
  return options;
}

function list(text) {
  return text?.split(",");
}

function number(name, given) {
  const value = Number(given);
  if (!Number.isInteger(value) || value < 0) throw new TypeError(`--${name} needs a number, not ${given}`);
  return value;
}
