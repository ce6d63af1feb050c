/** `ampwire replay`: sends a recorded conversation to a server, and compares the answers. */
import { Failure, UsageError } from "../cli-error.ts";
import { parseServerAddress, socketAddress } from "../net/address.ts";
import { timeoutFlag, timeoutOf } from "../net/timeout.ts";
import { serverFlags, serverTLS } from "../net/tls-flags.ts";
import { subcommand } from "../subcommand.ts";
import type { Endpoint } from "../traffic/endpoint.ts";
import { readRecording } from "../traffic/recording.ts";
import { differenceText } from "./differences.ts";
import { play } from "./player.ts";
import { scriptsOf } from "./script.ts";

export const replay = subcommand({
  name: "replay",
  summary: "send a recording to a server, and compare the answers",
  usage: "ampwire replay FILE --to ADDRESS",
  operands: [1, 1],
  about: `FILE is a recording of ampwire proxy --record. Its connections are replayed one after another. Each ask is sent
after the boxes that preceded it in the recording, and StartTLS happens at the same place. The server's asks get the
recorded answers. Tags are not compared. A value of 8 bytes or more that the server makes, for example a session id, is
replaced in later asks by the value that the live server made; with --ignore FIELD shorter ones too. The exit code is 1 if
anything differs.`,
  options: {
    to: { type: "string", value: "ADDRESS", help: "connect to the server at tcp://HOST:PORT or unix:PATH" },
    from: { type: "string", value: "SIDE", help: "play this side: client or server (default client)" },
    connection: {
      type: "string",
      value: "NUMBER",
      help: "replay only the connection with this number (default: all)",
    },
    ignore: {
      type: "string",
      multiple: true,
      value: "FIELD",
      help: "do not compare this field: NAME, or COMMAND.NAME; repeatable",
    },
    "ignore-errors": {
      type: "boolean",
      help: "compare only whether an answer is an error, not its code and description",
    },
    ...serverFlags,
    "server-name": {
      type: "string",
      value: "NAME",
      help: "require this name in the server's certificate (needs --ca)",
    },
    ...timeoutFlag,
  },
  examples: [
    [
      "ampwire replay talk.jsonl --to tcp://127.0.0.1:1234",
      "compare a new version of the server with the old one",
    ],
    [
      "ampwire replay talk.jsonl --to tcp://127.0.0.1:1234 --connection 2 --json",
      "replay one connection, with JSON output",
    ],
    [
      "ampwire replay talk.jsonl --to tcp://127.0.0.1:1234 --ignore session --ignore Stat.time",
      "ignore what differs in each run",
    ],
  ],
  async run({ values: flags, positionals: [file = ""], terminal }) {
    const address = parseServerAddress(flags.to ?? missing());
    if (address.kind === "tls")
      throw new UsageError(`replay: ${flags.to} is an address with TLS from the first byte`, "use tcp://");
    const to = socketAddress(address);
    if (flags["server-name"] !== undefined && flags.ca === undefined) {
      throw new UsageError("--server-name needs --ca", "add --ca FILE with the CA certificates");
    }
    const tls = { ...serverTLS(flags), serverName: flags["server-name"] };
    const timeout = timeoutOf(flags);
    const side = sideOf(flags.from);
    const recorded = scriptsOf(readRecording(file), side);
    if (recorded.length === 0)
      throw new Failure(`${file} contains no traffic of the ${side}`, "use --from to play the other side");
    const selected = flags.connection;
    const scripts = recorded.filter(
      ({ connection }) => selected === undefined || String(connection) === selected,
    );
    if (scripts.length === 0) {
      const available = recorded.map(({ connection }) => connection).join(", ");
      throw new UsageError(
        `replay: unknown connection ${JSON.stringify(selected)} in ${file}`,
        `it has ${available}`,
      );
    }

    const comparison = {
      ignored: new Set(flags.ignore),
      ignoresErrors: flags["ignore-errors"] === true,
    };
    let compared = 0;
    let differing = 0;
    for (const script of scripts) {
      const played = await play(script, { to, tls, timeout, comparison });
      compared += played.compared;
      differing += played.differences.length;
      for (const one of played.differences)
        terminal.printResult(one, () => terminal.style.red(differenceText(one)));
    }
    const verdict = differing === 0 ? "no difference" : counted(differing, "difference");
    const messages = counted(compared, "message");
    terminal.note(`${counted(scripts.length, "connection")}, ${messages} of the server compared: ${verdict}`);
    return differing === 0 ? 0 : 1;
  },
});

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}

function missing(): never {
  throw new UsageError("replay: --to ADDRESS is required", "use tcp://HOST:PORT or unix:PATH");
}

/** @throws UsageError */
function sideOf(text = "client"): Endpoint {
  if (text === "client" || text === "server") return text;
  throw new UsageError(`replay: invalid --from ${JSON.stringify(text)}`, "use client or server");
}
