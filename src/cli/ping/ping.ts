/** `ampwire ping`: measures connection, upgrade and call times. */
import { UsageError } from "../cli-error.ts";
import { parseAddress } from "../net/address.ts";
import { sessionText } from "../net/session.ts";
import { timeoutFlag, timeoutOf } from "../net/timeout.ts";
import { clientFlags, clientTLS } from "../net/tls-flags.ts";
import { table } from "../print/table.ts";
import { subcommand } from "../subcommand.ts";
import { summarise } from "./percentiles.ts";
import { pingOnce, type Times } from "./round.ts";

const STEPS = ["connect", "upgrade", "call"] as const;

export const ping = subcommand({
  name: "ping",
  summary: "measure the time to connect, to upgrade to TLS, and to call",
  usage: "ampwire ping ADDRESS [-n COUNT]",
  operands: [1, 1],
  about:
    "Each round opens a connection and calls a command that no peer has, which every AMP peer answers with an error.",
  options: {
    count: {
      type: "string",
      short: "n",
      value: "COUNT",
      help: "run COUNT rounds one after another (default 5)",
    },
    ...clientFlags,
    ...timeoutFlag,
    verbose: { type: "boolean", short: "v", help: "print the TLS session and the peer's certificate" },
  },
  examples: [
    ["ampwire ping tcp://127.0.0.1:1234", "check that a server answers"],
    ["ampwire ping tcp://calc.example:1234 --starttls --ca ca.pem -n 100", "measure the upgrade to TLS"],
  ],
  async run({ values: flags, positionals: [place = ""], terminal }) {
    const address = parseAddress(place);
    const tls = clientTLS(flags, address);
    const options = { tls, starttls: flags.starttls === true, timeout: timeoutOf(flags) };
    const count = Number(flags.count ?? 5);
    if (!Number.isInteger(count) || count < 1)
      throw new UsageError(`-n ${JSON.stringify(flags.count)} must be a whole number of at least 1`);

    const rounds: Times[] = [];
    for (let round = 1; round <= count; round++) {
      const times = await pingOnce(address, options, (connection) => {
        if (flags.verbose && round === 1) terminal.note(sessionText(connection));
      });
      rounds.push(times);
      if (terminal.json) terminal.printJSON({ round, ...times });
      else terminal.print(`${round}: ${STEPS.flatMap((step) => shownTime(step, times[step])).join(", ")}`);
    }
    const summaries = STEPS.flatMap((step) => {
      const values = rounds.flatMap((times) => times[step] ?? []);
      return values.length === 0 ? [] : [{ step, ...summarise(values) }];
    });
    if (terminal.json) {
      terminal.printJSON({
        rounds: count,
        ...Object.fromEntries(summaries.map(({ step, ...rest }) => [step, rest])),
      });
    } else if (count > 1) {
      const rows = summaries.map(({ step, ...summary }) => [
        step,
        ...Object.values(summary).map((time) => time.toFixed(2)),
      ]);
      terminal.print(`\n${table([["ms", "min", "p50", "p90", "p99", "max"], ...rows], [1, 2, 3, 4, 5])}`);
    }
    return 0;
  },
});

function shownTime(step: string, time: number | undefined): string[] {
  return time === undefined ? [] : [`${step} ${time.toFixed(2)} ms`];
}
