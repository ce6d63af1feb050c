/** `ampwire replay`: says to a server what was said to one before, and compares its answers. */
import { Failure, UsageError } from "../cli-error.ts";
import { parseAddress } from "../net/address.ts";
import { timeoutFlag, timeoutOf } from "../net/timeout.ts";
import { serverFlags, serverTLS } from "../net/tls-flags.ts";
import type { Endpoint } from "../proxy/endpoint.ts";
import { readRecording } from "../proxy/recording.ts";
import { subcommand } from "../subcommand.ts";
import { differenceText } from "./differences.ts";
import { play } from "./player.ts";
import { scriptsOf } from "./script.ts";

export const replay = subcommand({
  name: "replay",
  summary: "send what was recorded to a server, and compare its answers",
  usage: "ampwire replay FILE --to ADDRESS",
  operands: [1, 1],
  about: `FILE is what ampwire proxy --record has written. Its connections are made again one after the other; each ask
goes when everything has come that had come before it then, and StartTLS is where it was. Tags do not count. What the
server asks is answered as it was. The exit code is 1 when anything differs.`,
  options: {
    to: { type: "string", value: "ADDRESS", help: "where the server is: tcp://HOST:PORT or unix:PATH" },
    from: { type: "string", value: "SIDE", help: "whose part to play: client (as if not given) or server" },
    connection: { type: "string", value: "NUMBER", help: "only this one of the recording" },
    ...serverFlags,
    "server-name": { type: "string", value: "NAME", help: "the name in the server's certificate; with --ca" },
    ...timeoutFlag,
  },
  examples: [
    [
      "ampwire replay talk.jsonl --to tcp://127.0.0.1:1234",
      "does the new version answer as the old one did?",
    ],
    [
      "ampwire replay talk.jsonl --to tcp://127.0.0.1:1234 --connection 2 --json",
      "one of them, for a program",
    ],
  ],
  async run({ values: flags, positionals: [file = ""], terminal }) {
    const address = parseAddress(flags.to ?? missing());
    if (address.kind === "tls")
      throw new UsageError(`replay: ${flags.to} is TLS from the first byte`, "tcp://");
    const to = address.kind === "unix" ? { path: address.path } : { host: address.host, port: address.port };
    if (flags["server-name"] !== undefined && flags.ca === undefined) {
      throw new UsageError("--server-name means nothing without --ca", "--ca FILE names the authorities");
    }
    const tls = { ...serverTLS(flags), serverName: flags["server-name"] };
    const timeout = timeoutOf(flags);
    const recorded = scriptsOf(readRecording(file), sideOf(flags.from));
    if (recorded.length === 0) throw new Failure(`there is nothing to replay in ${file}`);
    const wanted = flags.connection;
    const scripts = recorded.filter(
      ({ connection }) => wanted === undefined || String(connection) === wanted,
    );
    if (scripts.length === 0) {
      const there = recorded.map(({ connection }) => connection).join(", ");
      throw new UsageError(`there is no connection ${JSON.stringify(wanted)} in ${file}`, `it has ${there}`);
    }

    let compared = 0;
    let differing = 0;
    for (const script of scripts) {
      const played = await play(script, { to, tls, timeout });
      compared += played.compared;
      differing += played.differences.length;
      for (const one of played.differences)
        terminal.result(one, () => terminal.paint.red(differenceText(one)));
    }
    const verdict = differing === 0 ? "as recorded" : `${differing} differences`;
    terminal.note(`${scripts.length} connections, ${compared} answers and asks compared: ${verdict}`);
    return differing === 0 ? 0 : 1;
  },
});

function missing(): never {
  throw new UsageError("replay: --to ADDRESS is missing", "tcp://HOST:PORT or unix:PATH");
}

/** @throws Misuse */
function sideOf(text = "client"): Endpoint {
  if (text === "client" || text === "server") return text;
  throw new UsageError(`replay: --from ${JSON.stringify(text)}`, "client or server");
}
