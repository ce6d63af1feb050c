/** `ampwire call`: one call, and its answer. */
import { safeText } from "../../core/errors/safe-text.ts";
import { UsageError } from "../cli-error.ts";
import { findCommand, loadCommands } from "../module/commands.ts";
import { parseAddress } from "../net/address.ts";
import { openConnection } from "../net/open.ts";
import { sessionText } from "../net/session.ts";
import { timeoutFlag, timeoutOf } from "../net/timeout.ts";
import { clientFlags, clientTLS } from "../net/tls-flags.ts";
import { jsonRecord, shown } from "../print/values.ts";
import { subcommand } from "../subcommand.ts";
import { parseArgs } from "../values/args.ts";
import { type Request, typedRequest, untypedRequest } from "./request.ts";

export const call = subcommand({
  name: "call",
  summary: "call a command and print its answer",
  usage: "ampwire call ADDRESS COMMAND [name=value ...]",
  operands: [2, Number.POSITIVE_INFINITY],
  about: `name=text sends text, name=@file what is in a file, name:=json a number, true, a list; with --schema each
is read as its argument's type. Without it everything goes as text, and the answer prints as text.`,
  options: {
    schema: {
      type: "string",
      value: "FILE",
      help: "a TypeScript or JavaScript module that exports commands",
    },
    ...clientFlags,
    ...timeoutFlag,
    "no-answer": { type: "boolean", help: "want none: send, and do not wait" },
    verbose: { type: "boolean", short: "v", help: "say what TLS was negotiated and who the peer is" },
  },
  examples: [
    ["ampwire call tcp://127.0.0.1:1234 Sum a=13 b=81", "two numbers, added elsewhere"],
    ["ampwire call unix:/run/calc.sock Upload name=cat.png data=@cat.png", "a file as a value"],
    ["ampwire call tcp://127.0.0.1:1234 Sum a=13 b=81 --schema commands.ts --json", "typed and checked"],
    ["ampwire call tcp://calc.example:1234 Sum a=1 b=2 --starttls --ca ca.pem --cert me.pem", "mutual TLS"],
  ],
  async run({ values: flags, positionals: [place = "", name = "", ...words], terminal }) {
    const address = parseAddress(place);
    const request = await requestOf(flags.schema, name, words);
    const tls = clientTLS({ ...flags, starttls: flags.starttls || request.startsTLS }, address);
    const timeout = timeoutOf(flags);

    const connection = await openConnection(address, { tls, timeout });
    try {
      if (flags.starttls) await connection.startTLS({ timeout });
      if (flags.verbose && !request.startsTLS) terminal.note(sessionText(connection));
      if (flags["no-answer"] || !request.requiresAnswer) {
        request.send(connection);
        await connection.close();
        return 0;
      }
      const answer = await request.ask(connection, timeout);
      if (flags.verbose && request.startsTLS) terminal.note(sessionText(connection));
      if (answer.length === 0 && !terminal.json) terminal.note("answered, with nothing in it");
      else terminal.result(jsonRecord(answer), () => answer.map(line).join("\n"));
    } finally {
      connection.destroy();
    }
    return 0;

    function line([key, value]: readonly [string, unknown]): string {
      return `${terminal.paint.cyan(safeText(key))}=${shown(value)}`;
    }
  },
});

async function requestOf(
  schema: string | undefined,
  name: string,
  words: readonly string[],
): Promise<Request> {
  const typed = parseArgs(words);
  if (schema !== undefined) return typedRequest(findCommand(await loadCommands(schema), name), typed);
  if (name === "StartTLS")
    throw new UsageError("StartTLS is more than a call", "--starttls, before another command");
  return untypedRequest(name, typed);
}
