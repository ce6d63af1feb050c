/** Options of the command line. */
import { parseArgs } from "node:util";

export const HELP = `npm run bench -- [options]

  --quick             take fewer and shorter samples, of workloads with a target only
  --check             compare with all targets; exit with 1 if one is missed
  --growth            measure only how the cost grows with calls, connections, bytes and keys
  --instructions      count only the instructions of a call, by function (needs valgrind)
  --against BUILD     compare this build with another: a commit, for example HEAD~1, or the path of a dist
                      (default workloads: 64, 1000, mixed, rows; default peer: ampwire)
  --write             write the tables into docs/performance.md
  --plot              draw the plots of that page
  --only ID,ID        measure these workloads (see workloads/index.mjs)
  --peers ID,ID       measure these peers (see peers/index.mjs)
  --placement P       pin client and server to one core (one), to two cores (each), not at all (free), or measure
                      one and each (both); default one
  --core N            set the core of placement one (default 0)
  --nats              measure only calls over NATS, beside plain requests, @nats-io/services and moleculer
  --samples N         set the samples of each peer and workload (default 7; with --quick or --growth 5)
  --ms N              set the milliseconds of a sample (default 500; with --quick or --growth 200)
  --passes N          set how often new processes are started (default 2; with --quick or --growth 1)
  --dist DIR          measure the build in DIR and build nothing
  --profile DIR       write a CPU profile of each Node process (use with --passes 1)
  --json FILE         write the samples as JSON
`;

const NUMBERS = ["samples", "ms", "passes", "core"];
const PLACEMENTS = ["one", "each", "free", "both"];
const AGAINST = { only: ["64", "1000", "mixed", "rows"], peers: ["ampwire"] };

/** @throws TypeError for unknown options and invalid values */
export function readOptions(args) {
  const { values } = parseArgs({
    args,
    options: {
      help: { type: "boolean", default: false },
      quick: { type: "boolean", default: false },
      check: { type: "boolean", default: false },
      growth: { type: "boolean", default: false },
      nats: { type: "boolean", default: false },
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
  const short = values.quick || values.growth;
  const { only, peers } = values.against === undefined ? {} : AGAINST;
  const options = {
    ...(short ? { samples: 5, ms: 200, passes: 1 } : { samples: 7, ms: 500, passes: 2 }),
    ...values,
    only: listOf(values.only) ?? only,
    peers: listOf(values.peers) ?? peers,
  };
  for (const name of NUMBERS) options[name] = numberOf(name, options[name]);
  if (!PLACEMENTS.includes(options.placement)) {
    throw new TypeError(`--placement must be one of ${PLACEMENTS.join(", ")}, not ${options.placement}`);
  }
  return options;
}

function listOf(text) {
  return text?.split(",");
}

function numberOf(name, given) {
  const value = Number(given);
  if (!Number.isInteger(value) || value < 0) {
    throw new TypeError(`--${name} must be a non-negative integer, not ${given}`);
  }
  return value;
}
