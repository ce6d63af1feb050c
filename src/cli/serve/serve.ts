/** `ampwire serve`: serves the responders of a module, or two demo commands. */
import { toCliError, UsageError } from "../cli-error.ts";
import { natsFlags } from "../nats/connection.ts";
import { parseAddress } from "../net/address.ts";
import { listenAt } from "../net/listening.ts";
import { serverFlags, serverTLS } from "../net/tls-flags.ts";
import { waitForSignal } from "../net/wait-for-signal.ts";
import { shortText } from "../print/values.ts";
import { subcommand } from "../subcommand.ts";
import { MAX_ERROR_CHARACTERS, MAX_VALUE_CHARACTERS } from "../traffic/limits.ts";
import { demo } from "./demo.ts";
import { loadResponders } from "./responders.ts";
import { watchCalls } from "./watch.ts";

export const serve = subcommand({
  name: "serve",
  summary: "serve the responders that a module exports",
  usage: "ampwire serve (MODULE | --demo) [--listen ADDRESS | --nats ADDRESS]",
  operands: [0, 1],
  about: `MODULE is a TypeScript or JavaScript file that exports responders (Sum.responder(...)), locators, or objects
whose methods are responders. Peers may upgrade to TLS by StartTLS, with the certificates in --cert and --ca.`,
  options: {
    demo: {
      type: "boolean",
      help: "serve Sum(a, b) and Divide(numerator, denominator), like Twisted's example",
    },
    listen: {
      type: "string",
      value: "ADDRESS",
      help: "listen at ADDRESS; port 0 chooses one (default tcp://127.0.0.1:1234)",
    },
    nats: {
      type: "string",
      value: "ADDRESS",
      help: "serve as a worker of nats://HOST:PORT/SERVICE, in place of listening",
    },
    ...natsFlags,
    ...serverFlags,
    "require-tls": { type: "boolean", help: "refuse every call in plaintext except StartTLS" },
    verbose: { type: "boolean", short: "v", help: "print every call on standard error" },
  },
  examples: [
    ["ampwire serve --demo", "serve two commands to try out calls"],
    ["ampwire serve calculator.ts --listen unix:/tmp/calc.sock -v", "serve your responders on a UNIX socket"],
    ["ampwire serve calculator.ts --nats nats://127.0.0.1:4222/calc", "serve as a worker on NATS"],
    ["ampwire serve calculator.ts --cert server.pem --ca ca.pem --require-tls", "require mutual TLS"],
  ],
  async run({ values: flags, positionals: [module], terminal }) {
    if ((module === undefined) !== (flags.demo === true)) {
      throw new UsageError("serve: MODULE or --demo is required", "use one of them");
    }
    const onError = (error: unknown, { command }: { readonly command: string | undefined }) =>
      terminal.note(
        `${shortText(command ?? "the server", MAX_VALUE_CHARACTERS)}: ${shortText(toCliError(error).message, MAX_ERROR_CHARACTERS)}`,
      );
    if (flags.nats !== undefined) {
      const { serveNats } = await import("../nats/serve.ts");
      const locator = module === undefined ? demo : await loadResponders(module);
      return await serveNats(flags.nats, flags, locator, onError, terminal);
    }
    const address = parseAddress(flags.listen ?? "tcp://127.0.0.1:1234");
    const tls = serverTLS(flags);
    const locator = module === undefined ? demo : await loadResponders(module);
    if (flags.verbose) watchCalls(terminal);
    const server = await listenAt(address, {
      locator,
      tls,
      requireTLS: flags["require-tls"],
      onError,
    });
    const stopped = waitForSignal(); // before the line below, because its reader may send a signal at once
    terminal.printResult({ listening: server.address }, () => `listening on ${server.address}`);
    await stopped;
    await server.close();
    return 0;
  },
});
