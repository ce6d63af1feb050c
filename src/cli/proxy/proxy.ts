/** `ampwire proxy`: stands between a client and a server, and shows what passes. */
import { checkTLSOptions } from "../../node/tls/validate-options.ts";
import { UsageError } from "../cli-error.ts";
import { loadCommands } from "../module/commands.ts";
import { type Address, addressText, parseAddress } from "../net/address.ts";
import { serverFlags, serverTLS } from "../net/tls-flags.ts";
import { waitForSignal } from "../net/wait-for-signal.ts";
import { subcommand } from "../subcommand.ts";
import { lineOf } from "./line.ts";
import type { Commands } from "./pairing.ts";
import { printedLine } from "./printing.ts";
import { Recording } from "./recording.ts";
import { type Place, startProxy } from "./server.ts";
import type { Traffic } from "./traffic.ts";
import type { ProxyTLS } from "./upgrade-both.ts";

const LONGEST = 200;

export const proxy = subcommand({
  name: "proxy",
  summary: "stand between a client and a server, and show what passes",
  usage: "ampwire proxy --listen ADDRESS --to ADDRESS",
  operands: [0, 0],
  about: `Every ask and answer is shown as it passes, answers with the time they took. When the two agree on StartTLS
the proxy goes along: it does one handshake with each, presenting --cert, or to the client a temporary certificate. It
verifies nobody without --ca. For development: who records, has in plaintext what the two took for secret.`,
  options: {
    listen: { type: "string", value: "ADDRESS", help: "where clients come: tcp://HOST:PORT or unix:PATH" },
    to: { type: "string", value: "ADDRESS", help: "where the server is" },
    schema: { type: "string", value: "FILE", help: "a module of commands, to type the values" },
    record: { type: "string", value: "FILE", help: "write what passes as JSON lines, for ampwire replay" },
    cert: { ...serverFlags.cert, help: "PEM with the certificate and key that both sides are shown" },
    ca: { ...serverFlags.ca, help: "PEM with the authorities that must have issued the server's" },
    "server-name": { type: "string", value: "NAME", help: "the name in the server's certificate; with --ca" },
    "verify-client": { type: "boolean", help: "demand a certificate of --ca from the client too" },
    full: { type: "boolean", help: `values of any length, not only ${LONGEST} characters of them` },
  },
  examples: [
    ["ampwire proxy --listen tcp://127.0.0.1:1235 --to tcp://127.0.0.1:1234", "watch a conversation"],
    ["ampwire proxy --listen unix:a.sock --to unix:b.sock --schema commands.ts", "with typed values"],
    ["ampwire proxy --listen tcp://127.0.0.1:1235 --to tcp://calc:1234 --record talk.jsonl", "for a replay"],
  ],
  async run({ values: flags, terminal }) {
    const listen = placeOf("listen", flags.listen);
    const to = placeOf("to", flags.to);
    const tls = proxyTLS(flags);
    const commands = await commandsOf(flags.schema);
    const recording = flags.record === undefined ? undefined : new Recording(flags.record);
    const print = { paint: terminal.paint, longest: flags.full ? Number.POSITIVE_INFINITY : LONGEST };
    let stop: (error: unknown) => void = () => {};
    const broken = new Promise<never>((_, reject) => {
      stop = reject;
    });
    broken.catch(() => {}); // perhaps before anybody waits for it
    const tell = (connection: number, traffic: Traffic) => {
      const time = new Date();
      const line = recording === undefined && !terminal.json ? undefined : lineOf(connection, traffic, time);
      try {
        if (line !== undefined) recording?.write(line);
      } catch (error) {
        stop(error);
      }
      terminal.result(line, () => printedLine(connection, traffic, print, time));
    };
    try {
      const onError = ({ message }: Error) => terminal.note(`a client could not be accepted: ${message}`);
      await using server = await startProxy({ listen, to, tls, commands, tell, onError });
      const { place } = server;
      terminal.note(`listening on ${addressText(addressOf(place))}`);
      await Promise.race([waitForSignal(), broken]);
    } finally {
      recording?.[Symbol.dispose]();
    }
    return 0;
  },
});

interface TLSFlags {
  readonly cert?: string;
  readonly ca?: string;
  readonly "server-name"?: string;
  readonly "verify-client"?: boolean;
}

/** @throws Misuse, InvalidCertificate, or Node's error for a file that cannot be read */
function proxyTLS(flags: TLSFlags): ProxyTLS {
  const { "server-name": serverName, "verify-client": verifyClient } = flags;
  for (const name of ["server-name", "verify-client"] as const) {
    if (flags[name] !== undefined && flags.ca === undefined) {
      throw new UsageError(`--${name} means nothing without --ca`, "--ca FILE names the authorities");
    }
  }
  const { localCertificate, verifyAuthorities } = serverTLS(flags);
  checkTLSOptions({ localCertificate, verifyAuthorities, serverName }, "client"); // now, and not at the first StartTLS
  return { certificate: localCertificate, authorities: verifyAuthorities, serverName, verifyClient };
}

async function commandsOf(schema: string | undefined): Promise<Commands> {
  const found = schema === undefined ? [] : await loadCommands(schema);
  return new Map(found.map(({ command }) => [command.name, command]));
}

/** @throws Misuse */
function placeOf(flag: string, text: string | undefined): Place {
  if (text === undefined)
    throw new UsageError(`proxy: --${flag} ADDRESS is missing`, "tcp://HOST:PORT or unix:PATH");
  const address = parseAddress(text);
  if (address.kind === "unix") return { path: address.path };
  if (address.kind === "tcp") return { host: address.host, port: address.port };
  throw new UsageError(
    `proxy: ${text} is TLS from the first byte`,
    "the proxy starts in plaintext, and goes along with a StartTLS",
  );
}

function addressOf(place: Place): Address {
  return "path" in place ? { kind: "unix", path: place.path } : { kind: "tcp", ...place };
}
