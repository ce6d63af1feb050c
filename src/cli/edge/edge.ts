/** `ampwire edge`: accepts AMP clients, and forwards their calls to the workers of a service on NATS. */
import { health, locator } from "../../index.ts";
import { UsageError } from "../cli-error.ts";
import { loadCommands } from "../module/commands.ts";
import { checkService, parseNatsAddress } from "../nats/address.ts";
import { checkInbox, natsFlags, openNats, serveUntil } from "../nats/connection.ts";
import { parseAddress } from "../net/address.ts";
import { listenAt, proxyFromFlag, proxyProtocolOf } from "../net/listening.ts";
import { closeTimeoutFlag, closeTimeoutOf, timeoutFlag, timeoutOf } from "../net/timeout.ts";
import { serverFlags, serverTLS } from "../net/tls-flags.ts";
import { waitForSignal } from "../net/wait-for-signal.ts";
import { errorPrinter } from "../print/error-printer.ts";
import { subcommand } from "../subcommand.ts";

export const edge = subcommand({
  name: "edge",
  summary: "accept AMP clients, and forward their calls to workers on NATS",
  usage: "ampwire edge SERVICE --commands FILE [--nats ADDRESS] [--listen ADDRESS]",
  operands: [1, 1],
  about: `Clients may call the commands that FILE exports, and no others. ampwire serve MODULE --nats starts a worker. Clients may
upgrade to TLS by StartTLS, with the certificates in --cert and --ca. Probes get the health of the edge from the command
ampwire.Health: SERVING while it is connected to NATS. SIGTERM and SIGINT close the edge after the calls in progress.`,
  options: {
    commands: {
      type: "string",
      value: "FILE",
      help: "forward the commands that a TypeScript or JavaScript module exports",
    },
    nats: {
      type: "string",
      value: "ADDRESS",
      help: "connect to the NATS server at ADDRESS (default nats://127.0.0.1:4222)",
    },
    listen: {
      type: "string",
      value: "ADDRESS",
      help: "listen at ADDRESS; port 0 chooses one (default tcp://127.0.0.1:1234)",
    },
    ...closeTimeoutFlag,
    ...proxyFromFlag,
    affinity: { type: "boolean", help: "send all asks of a client to the same worker" },
    ...serverFlags,
    "require-tls": { type: "boolean", help: "refuse every call in plaintext except StartTLS" },
    ...natsFlags,
    ...timeoutFlag,
  },
  continuesWithoutReader: true,
  examples: [
    ["ampwire edge calc --commands calculator.ts", "forward the calls of AMP clients to the service calc"],
    [
      "ampwire edge calc --commands calculator.ts --nats nats://nats-1:4222 --listen tcp://0.0.0.0:1234",
      "accept clients of other machines",
    ],
  ],
  async run({ values: flags, positionals: [service = ""], terminal }) {
    if (flags.commands === undefined)
      throw new UsageError("edge: --commands FILE is required", "an edge forwards only the commands in FILE");
    checkService(service);
    const address = parseNatsAddress(flags.nats ?? "nats://127.0.0.1:4222");
    if (address.service !== undefined)
      throw new UsageError(
        `edge: the service is ${JSON.stringify(service)}, and --nats ${address.shown} names one too`,
        "use --nats nats://HOST:PORT",
      );
    checkInbox(flags.inbox);
    const listenAddress = parseAddress(flags.listen ?? "tcp://127.0.0.1:1234");
    const tls = serverTLS(flags);
    const timeout = closeTimeoutOf(flags);
    const proxyProtocol = proxyProtocolOf(flags, listenAddress);
    const commands = (await loadCommands(flags.commands)).map(({ command }) => command);
    const onError = errorPrinter(terminal, "the edge");
    const { connection, nats } = await openNats(address, flags, timeoutOf(flags), true);
    try {
      const front = await nats.edge(connection, {
        service,
        commands,
        onError,
        inboxPrefix: flags.inbox,
        trustNetwork: flags["trust-network"],
        ...(flags.affinity && { affinity: "connection" }),
      });
      const server = await listenAt(listenAddress, {
        locator: locator(front.locator, locator(health(() => front.connected))), // commands of FILE come first
        proxyProtocol,
        onConnection: front.accept,
        tls,
        requireTLS: flags["require-tls"],
        onError,
      });
      const stopped = waitForSignal(); // before the line below, because its reader may send a signal at once
      terminal.printResult(
        { listening: server.address, service, nats: address.shown },
        () => `listening on ${server.address} for ${service} at ${address.shown}`,
      );
      try {
        await serveUntil(stopped, connection, address, terminal);
      } finally {
        await server.close({ timeout }); // clients connect to another edge
        await front.close({ timeout });
      }
    } finally {
      await connection.close();
    }
    return 0;
  },
});
