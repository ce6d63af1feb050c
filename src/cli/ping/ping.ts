/** `ampwire ping`: measures connection, upgrade and call times. */
import { prepareRequest, type Request } from "../call/request.ts";
import { UsageError } from "../cli-error.ts";
import { isNatsAddress } from "../nats/address.ts";
import { natsFlags, refuseNatsFlags } from "../nats/connection.ts";
import { parseServerAddress } from "../net/address.ts";
import { sessionText } from "../net/session.ts";
import { timeoutFlag, timeoutOf } from "../net/timeout.ts";
import { clientFlags, clientTLS } from "../net/tls-flags.ts";
import { verifyFailure } from "../net/verify-failure.ts";
import { table } from "../print/table.ts";
import { subcommand } from "../subcommand.ts";
import { HealthProbe } from "./health.ts";
import { summarise } from "./percentiles.ts";
import { pingOnce, type Times } from "./round.ts";

const STEPS = ["connect", "upgrade", "call"] as const;

export const ping = subcommand({
  name: "ping",
  summary: "measure the time to connect, to upgrade to TLS, and to call",
  usage: "ampwire ping ADDRESS [name=value ...] [-n COUNT | --once]",
  operands: [1, Number.POSITIVE_INFINITY],
  about: `Each round opens a connection and calls a command that no peer has. Most AMP peers answer it with an error. A few ignore
it or exit: for them, --command names a command that the peer has. Its arguments are written as for ampwire call.

With --once, ping is a probe: it asks for ampwire.Health, prints the status, and fails if it is NOT_SERVING. A peer without
this command has the status UNKNOWN, and does not fail.`,
  options: {
    count: {
      type: "string",
      short: "n",
      value: "COUNT",
      help: "run COUNT rounds one after another (default 5)",
    },
    once: { type: "boolean", help: "run one round, and fail unless the server is healthy; for probes" },
    service: { type: "string", value: "NAME", help: "with --once: ask for the health of one service" },
    "proxy-protocol": {
      type: "boolean",
      help: "send the PROXY header of a health check first, for a server with --proxy-from",
    },
    command: {
      type: "string",
      value: "NAME",
      help: "call this command, and require an answer that is not an error",
    },
    schema: {
      type: "string",
      value: "FILE",
      help: "read the command from a TypeScript or JavaScript module",
    },
    ...clientFlags,
    ...natsFlags,
    ...timeoutFlag,
    verbose: { type: "boolean", short: "v", help: "print the TLS session and the peer's certificate" },
  },
  examples: [
    ["ampwire ping tcp://127.0.0.1:1234", "check that a server answers"],
    ["ampwire ping tcp://calc.example:1234 --starttls --ca ca.pem -n 100", "measure the upgrade to TLS"],
    ["ampwire ping nats://127.0.0.1:4222/calc", "check that a service on NATS has a worker"],
    ["ampwire ping tcp://127.0.0.1:1234 --once --timeout 2", "probe a server from Kubernetes"],
    ["ampwire ping tcp://127.0.0.1:1234 --command Sum a=1 b=2", "measure a call of your own"],
  ],
  async run({ values: flags, positionals: [place = "", ...args], terminal }) {
    const timeout = timeoutOf(flags);
    const probe = probeOf(flags);
    const called = await requestOf(flags, args);
    const once = isNatsAddress(place) ? await pingNats() : pingPeer();
    const count = Number(flags.count ?? (flags.once ? 1 : 5));
    if (!Number.isInteger(count) || count < 1)
      throw new UsageError(`-n ${JSON.stringify(flags.count)} must be a whole number of at least 1`);

    const rounds: Times[] = [];
    for (let round = 1; round <= count; round++) {
      const times = await once(round);
      rounds.push(times);
      if (probe !== undefined) {
        terminal.printResult({ status: probe.status, ...times }, () => probe.status);
        return probe.status === "NOT_SERVING" ? 1 : 0;
      }
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

    async function pingNats(): Promise<() => Promise<Times>> {
      if (probe !== undefined)
        throw new UsageError("ping: --once asks a server for its health, and NATS has none", "omit --once");
      const { pingService } = await import("../nats/calls.ts");
      return () => pingService(place, flags, timeout, called);
    }

    function pingPeer(): (round: number) => Promise<Times> {
      refuseNatsFlags("ping", flags, "an address nats://");
      const address = parseServerAddress(place);
      const tls = clientTLS(flags, address);
      const proxyProtocol = flags["proxy-protocol"] ? {} : undefined;
      const request = called ?? probe;
      const options = { tls, starttls: flags.starttls === true, timeout, request, proxyProtocol };
      return async (round) => {
        try {
          return await pingOnce(address, options, (connection) => {
            if (flags.verbose && round === 1) terminal.note(sessionText(connection));
          });
        } catch (error) {
          throw verifyFailure(error, flags);
        }
      };
    }
  },
});

/** @returns undefined without `--once`, and with `--command`. @throws UsageError */
function probeOf({
  once,
  service,
  count,
  command,
}: {
  readonly once?: boolean;
  readonly service?: string;
  readonly count?: string;
  readonly command?: string;
}): HealthProbe | undefined {
  if (once && count !== undefined)
    throw new UsageError("ping: --once conflicts with -n", "remove one of them");
  if (service !== undefined && (!once || command !== undefined))
    throw new UsageError("ping: --service needs --once without --command", "use --once");
  return once && command === undefined ? new HealthProbe(service) : undefined;
}

/** @returns undefined without `--command`. @throws UsageError */
async function requestOf(
  { command, schema }: { readonly command?: string; readonly schema?: string },
  args: readonly string[],
): Promise<Request | undefined> {
  if (command === undefined) {
    if (schema !== undefined) throw new UsageError("ping: --schema needs --command", "add --command NAME");
    if (args.length > 0)
      throw new UsageError(
        `ping: unexpected operand ${JSON.stringify(args[0])}`,
        "--command NAME takes arguments",
      );
    return undefined;
  }
  const request = await prepareRequest("ping", schema, command, args);
  if (request.startsTLS)
    throw new UsageError(`ping: ${command} starts TLS`, "--starttls measures the upgrade");
  if (!request.requiresAnswer) throw new UsageError(`ping: ${command} has no answer`, "name another command");
  return request;
}

function shownTime(step: string, time: number | undefined): string[] {
  return time === undefined ? [] : [`${step} ${time.toFixed(2)} ms`];
}
