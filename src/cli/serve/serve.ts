/** `ampwire serve`: the responders of a module, or two for trying things out. */
import { toCliError, UsageError } from "../cli-error.ts";
import { parseAddress } from "../net/address.ts";
import { listenAt } from "../net/listening.ts";
import { serverFlags, serverTLS } from "../net/tls-flags.ts";
import { waitForSignal } from "../net/wait-for-signal.ts";
import { subcommand } from "../subcommand.ts";
import { demo } from "./demo.ts";
import { loadResponders } from "./responders.ts";
import { watchCalls } from "./watch.ts";

export const serve = subcommand({
  name: "serve",
  summary: "serve the responders that a module exports",
  usage: "ampwire serve (MODULE | --demo) [--listen ADDRESS]",
  operands: [0, 1],
  about: `MODULE is TypeScript or JavaScript and exports responders (Sum.responder(...)), locators, or objects whose
methods are responders. A peer may turn to TLS by StartTLS; --cert and --ca say how.`,
  options: {
    demo: {
      type: "boolean",
      help: "serve Sum(a, b) and Divide(numerator, denominator), as Twisted's example does",
    },
    listen: { type: "string", value: "ADDRESS", help: "where (default tcp://127.0.0.1:1234); port 0 is any" },
    ...serverFlags,
    "require-tls": { type: "boolean", help: "refuse whatever is asked in plaintext, StartTLS aside" },
    verbose: { type: "boolean", short: "v", help: "tell of every ask, on standard error" },
  },
  examples: [
    ["ampwire serve --demo", "something to call"],
    ["ampwire serve calculator.ts --listen unix:/tmp/calc.sock -v", "your own responders, on a UNIX socket"],
    ["ampwire serve calculator.ts --cert server.pem --ca ca.pem --require-tls", "mutual TLS only"],
  ],
  async run({ values: flags, positionals: [module], terminal }) {
    if ((module === undefined) !== (flags.demo === true)) {
      throw new UsageError("serve: what is to be served?", "either a MODULE or --demo");
    }
    const address = parseAddress(flags.listen ?? "tcp://127.0.0.1:1234");
    const tls = serverTLS(flags);
    const locator = module === undefined ? demo : await loadResponders(module);
    if (flags.verbose) watchCalls(terminal);
    const server = await listenAt(address, {
      locator,
      tls,
      requireTLS: flags["require-tls"],
      onError: (error, { command }) =>
        terminal.note(`${command ?? "the server"}: ${toCliError(error).message}`),
    });
    const stopped = waitForSignal(); // whoever reads the next line may stop us at once
    terminal.result({ listening: server.address }, () => `listening on ${server.address}`);
    await stopped;
    await server.close();
    return 0;
  },
});
