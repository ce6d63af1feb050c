/** `ampwire serve`: serves the responders of a module, or two demo commands, with one process or several. */
import { health, locator } from "../../index.ts";
import { systemClock } from "../../node/clock.ts";
import { toCliError, UsageError } from "../cli-error.ts";
import { natsFlags } from "../nats/connection.ts";
import { parseAddress } from "../net/address.ts";
import { type Listening, listenAt, proxyFromFlag, proxyProtocolOf } from "../net/listening.ts";
import { closeTimeoutFlag, closeTimeoutOf } from "../net/timeout.ts";
import { serverFlags, serverTLS } from "../net/tls-flags.ts";
import { waitForSignal } from "../net/wait-for-signal.ts";
import { errorPrinter } from "../print/error-printer.ts";
import type { Terminal } from "../print/terminal.ts";
import { subcommand } from "../subcommand.ts";
import { demo } from "./demo.ts";
import { StartFailed, WorkerPool } from "./pool.ts";
import { loadResponders } from "./responders.ts";
import { watchCalls } from "./watch.ts";
import { firstProcess, isWorker, workerCount, workerProcesses } from "./workers.ts";

/** Milliseconds until a worker must listen. A module may connect to a database first. */
const START_TIMEOUT_MS = 60_000;
/** Milliseconds more than `--close-timeout` that a worker has until it is killed. */
const KILL_DELAY_MS = 2_000;
/** Shown in place of a command. */
const THE_SERVER = "the server";

const options = {
  demo: {
    type: "boolean",
    help: "serve Sum(a, b) and Divide(numerator, denominator), like Twisted's example",
  },
  listen: {
    type: "string",
    value: "ADDRESS",
    help: "listen at ADDRESS; port 0 chooses one (default tcp://127.0.0.1:1234)",
  },
  workers: {
    type: "string",
    value: "N",
    help: "serve with N processes that share the address; auto: one for each core",
  },
  ...closeTimeoutFlag,
  ...proxyFromFlag,
  nats: {
    type: "string",
    value: "ADDRESS",
    help: "serve as a worker of nats://HOST:PORT/SERVICE, in place of listening",
  },
  ...natsFlags,
  ...serverFlags,
  "require-tls": { type: "boolean", help: "refuse every call in plaintext except StartTLS" },
  verbose: { type: "boolean", short: "v", help: "print every call on standard error" },
} as const;

/** Parsed values of the options that concern serving itself. */
interface ServeFlags {
  readonly listen?: string;
  readonly cert?: string;
  readonly ca?: string;
  readonly crl?: string[];
  readonly "passphrase-file"?: string;
  readonly "proxy-from"?: string[];
  readonly "require-tls"?: boolean;
  readonly verbose?: boolean;
}

export const serve = subcommand({
  name: "serve",
  summary: "serve the responders that a module exports",
  usage: "ampwire serve (MODULE | --demo) [--listen ADDRESS] [--workers N] [--nats ADDRESS]",
  operands: [0, 1],
  about: `MODULE is a TypeScript or JavaScript file that exports responders (Sum.responder(...)), locators, or objects
whose methods are responders. Peers may upgrade to TLS by StartTLS, with the certificates in --cert and --ca. Probes get the
health of the server from the command ampwire.Health.

SIGTERM and SIGINT close the server after its calls in progress. With --workers, SIGHUP replaces the processes one after
another, with the newest version of MODULE and of the certificates, and a process that crashes is replaced.`,
  options,
  continuesWithoutReader: true,
  examples: [
    ["ampwire serve --demo", "serve two commands to try out calls"],
    ["ampwire serve calculator.ts --listen unix:/tmp/calc.sock -v", "serve your responders on a UNIX socket"],
    ["ampwire serve calculator.ts --nats nats://127.0.0.1:4222/calc", "serve as a worker on NATS"],
    ["ampwire serve calculator.ts --cert server.pem --ca ca.pem --require-tls", "require mutual TLS"],
    [
      "ampwire serve calculator.ts --listen tcp://0.0.0.0:1234 --workers auto",
      "use every core of the machine",
    ],
  ],
  async run({ values: flags, positionals: [module], terminal }) {
    if (module === undefined && !flags.demo)
      throw new UsageError("serve: MODULE or --demo is required", "use one of them");
    if (module !== undefined && flags.demo)
      throw new UsageError("serve: MODULE and --demo exclude each other", "use one of them");
    const closeTimeout = closeTimeoutOf(flags);
    if (flags.nats !== undefined) {
      const { serveNats } = await import("../nats/serve.ts");
      const responders = module === undefined ? demo : await loadResponders(module);
      const served = locator(responders, locator(health()));
      const onError = errorPrinter(terminal, THE_SERVER);
      return await serveNats(flags.nats, { ...flags, closeTimeout }, served, onError, terminal);
    }
    const count = workerCount(flags.workers);
    if (count !== undefined && isWorker()) {
      await work(listening(flags, module, terminal), closeTimeout, terminal);
      return 0;
    }
    if (count !== undefined) return superviseWorkers(count, closeTimeout, terminal);
    const server = await listening(flags, module, terminal);
    const stopped = waitForSignal(); // before the line below, because its reader may send a signal at once
    printAddress(server.address, terminal);
    await stopped;
    await server.close({ timeout: closeTimeout });
    return 0;
  },
});

async function listening(
  flags: ServeFlags,
  module: string | undefined,
  terminal: Terminal,
): Promise<Listening> {
  const address = parseAddress(flags.listen ?? "tcp://127.0.0.1:1234");
  const tls = serverTLS(flags);
  const served = module === undefined ? demo : await loadResponders(module);
  if (flags.verbose) watchCalls(terminal);
  const proxyProtocol = proxyProtocolOf(flags, address);
  return listenAt(address, {
    locator: locator(served, locator(health())), // the module may have a responder for Health of its own
    tls,
    requireTLS: flags["require-tls"],
    proxyProtocol,
    onError: errorPrinter(terminal, THE_SERVER),
  });
}

/** Serves as a worker, and ends the process when it must stop. */
async function work(starting: Promise<Listening>, closeTimeout: number, terminal: Terminal): Promise<void> {
  const first = firstProcess();
  try {
    const server = await Promise.race([starting, first.stopped]);
    if (server === undefined) return first.leave(0);
    first.listening(server.address);
    await first.stopped;
    await server.close({ timeout: closeTimeout });
    first.leave(0);
  } catch (error) {
    const cliError = toCliError(error);
    terminal.printError(cliError);
    first.leave(cliError.exitCode);
  }
}

/** Runs the worker processes until a signal stops them. */
async function superviseWorkers(count: number, closeTimeout: number, terminal: Terminal): Promise<number> {
  const { default: cluster } = await import("node:cluster");
  const pool = new WorkerPool({
    count,
    start: workerProcesses(cluster),
    clock: systemClock,
    startTimeout: START_TIMEOUT_MS,
    stopTimeout: closeTimeout + KILL_DELAY_MS,
    note: (text) => terminal.note(text),
    listening: (address) => printAddress(address, terminal),
  });
  const stopped = waitForSignal();
  const restart = () => void pool.restart();
  const started = pool.start().then(() => process.on("SIGHUP", restart));
  try {
    await Promise.race([started, stopped]);
    await stopped;
  } catch (error) {
    if (error instanceof StartFailed) return error.exitCode; // the worker has printed the reason
    throw error;
  } finally {
    process.off("SIGHUP", restart);
    await pool.stop();
  }
  return 0;
}

function printAddress(address: string, terminal: Terminal): void {
  terminal.printResult({ listening: address }, () => `listening on ${address}`);
}
