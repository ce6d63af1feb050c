/** `ampwire proxy`: relays connections from clients to a server, and prints the traffic. */
import { checkTLSOptions } from "../../node/tls/validate-options.ts";
import { UsageError } from "../cli-error.ts";
import { loadCommands } from "../module/commands.ts";
import {
  type Address,
  addressText,
  parseAddress,
  parseServerAddress,
  type SocketAddress,
  socketAddress,
} from "../net/address.ts";
import { listenFailure } from "../net/listen-failure.ts";
import { type ServerFlags, serverFlags, serverTLS } from "../net/tls-flags.ts";
import { waitForSignal } from "../net/wait-for-signal.ts";
import { subcommand } from "../subcommand.ts";
import { MAX_VALUE_CHARACTERS } from "../traffic/limits.ts";
import { lineOf } from "../traffic/line.ts";
import type { Commands } from "../traffic/pairing.ts";
import { printedLine } from "../traffic/printing.ts";
import { Recording } from "../traffic/recording.ts";
import type { Traffic } from "../traffic/traffic.ts";
import { startProxy } from "./server.ts";
import type { ProxyTLS } from "./upgrade-both.ts";

export const proxy = subcommand({
  name: "proxy",
  summary: "relay connections to a server, and print the traffic",
  usage: "ampwire proxy --listen ADDRESS --to ADDRESS",
  operands: [0, 0],
  about: `Prints every ask and answer, answers with their response times. After a StartTLS the proxy does a handshake
with each end. It presents --cert to both, or without it a temporary certificate to the client. Certificates are
verified with --ca only. For development: the output and the recording contain TLS traffic in plaintext.`,
  options: {
    listen: { type: "string", value: "ADDRESS", help: "listen for clients at tcp://HOST:PORT or unix:PATH" },
    to: { type: "string", value: "ADDRESS", help: "connect to the server at tcp://HOST:PORT or unix:PATH" },
    schema: { type: "string", value: "FILE", help: "decode values by the commands that a module exports" },
    record: { type: "string", value: "FILE", help: "write the traffic as lines of JSON, for ampwire replay" },
    ...serverFlags,
    cert: { ...serverFlags.cert, help: "present the certificate and private key in a PEM file" },
    ca: { ...serverFlags.ca, help: "require a server certificate issued by a CA in a PEM file" },
    "server-name": {
      type: "string",
      value: "NAME",
      help: "require this name in the server's certificate (needs --ca)",
    },
    "verify-client": { type: "boolean", help: "require a client certificate issued by a CA in --ca" },
    full: { type: "boolean", help: `print whole values (default: ${MAX_VALUE_CHARACTERS} characters)` },
  },
  examples: [
    [
      "ampwire proxy --listen tcp://127.0.0.1:1235 --to tcp://127.0.0.1:1234",
      "print the traffic of a server",
    ],
    ["ampwire proxy --listen unix:a.sock --to unix:b.sock --schema commands.ts", "print typed values"],
    [
      "ampwire proxy --listen tcp://127.0.0.1:1235 --to tcp://calc:1234 --record talk.jsonl",
      "record for a replay",
    ],
  ],
  async run({ values: flags, terminal }) {
    const listen = requiredAddress("listen", flags.listen);
    const to = requiredAddress("to", flags.to);
    const tls = proxyTLS(flags);
    const commands = await commandsOf(flags.schema);
    const recording = flags.record === undefined ? undefined : new Recording(flags.record);
    const print = {
      style: terminal.style,
      longest: flags.full ? Number.POSITIVE_INFINITY : MAX_VALUE_CHARACTERS,
    };
    let stop: (error: unknown) => void = () => {};
    const writeFailed = new Promise<never>((_, reject) => {
      stop = reject;
    });
    writeFailed.catch(() => {}); // it may reject before the race below begins
    const onTraffic = (connection: number, traffic: Traffic) => {
      const time = new Date();
      const line = recording === undefined && !terminal.json ? undefined : lineOf(connection, traffic, time);
      try {
        if (line !== undefined) recording?.write(line);
      } catch (error) {
        stop(error);
      }
      terminal.printResult(line, () => printedLine(connection, traffic, print, time));
    };
    try {
      const onError = ({ message }: Error) => terminal.note(`cannot accept a client: ${message}`);
      const onFirstDrop = (connection: number) =>
        terminal.note(`#${connection}: too many unanswered asks; the oldest ones are no longer paired`);
      const options = { listen, to, tls, commands, onTraffic, onFirstDrop, onError };
      await using server = await startProxy(options).catch(async (error) => {
        throw await listenFailure(addressOf(listen), error);
      });
      terminal.note(`listening on ${addressText(addressOf(server.address))}`);
      await Promise.race([waitForSignal(), writeFailed]);
    } finally {
      recording?.[Symbol.dispose]();
    }
    return 0;
  },
});

interface TLSFlags extends ServerFlags {
  readonly "server-name"?: string;
  readonly "verify-client"?: boolean;
}

/** @throws UsageError, InvalidCertificate */
function proxyTLS(flags: TLSFlags): ProxyTLS {
  const { "server-name": serverName, "verify-client": verifyClient } = flags;
  for (const name of ["server-name", "verify-client"] as const) {
    if (flags[name] !== undefined && flags.ca === undefined) {
      throw new UsageError(`--${name} needs --ca`, "add --ca FILE with the CA certificates");
    }
  }
  const { localCertificate, verifyAuthorities, crl } = serverTLS(flags);
  checkTLSOptions({ localCertificate, verifyAuthorities, serverName, crl }, "client"); // fail at the start, not at the first StartTLS
  return { certificate: localCertificate, authorities: verifyAuthorities, crl, serverName, verifyClient };
}

async function commandsOf(schema: string | undefined): Promise<Commands> {
  const found = schema === undefined ? [] : await loadCommands(schema);
  return new Map(found.map(({ command }) => [command.name, command]));
}

/** @throws UsageError */
function requiredAddress(flag: string, text: string | undefined): SocketAddress {
  if (text === undefined)
    throw new UsageError(`proxy: --${flag} ADDRESS is required`, "use tcp://HOST:PORT or unix:PATH");
  const address = flag === "to" ? parseServerAddress(text) : parseAddress(text);
  if (address.kind !== "tls") return socketAddress(address);
  throw new UsageError(
    `proxy: ${text} is an address with TLS from the first byte`,
    "use tcp://; the proxy relays StartTLS",
  );
}

function addressOf(address: SocketAddress): Address {
  return "path" in address ? { kind: "unix", ...address } : { kind: "tcp", ...address };
}
