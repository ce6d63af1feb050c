/** `ampwire call`: calls a command and prints the answer. */
import { parseAddress } from "../net/address.ts";
import { openConnection } from "../net/open.ts";
import { sessionText } from "../net/session.ts";
import { timeoutFlag, timeoutOf } from "../net/timeout.ts";
import { clientFlags, clientTLS } from "../net/tls-flags.ts";
import { verifyFailure } from "../net/verify-failure.ts";
import { formatValue, jsonRecord, KEY_MARKS, quotedIfNeeded } from "../print/values.ts";
import { subcommand } from "../subcommand.ts";
import { prepareRequest } from "./request.ts";

export const call = subcommand({
  name: "call",
  summary: "call a command and print its answer",
  usage: "ampwire call ADDRESS COMMAND [name=value ...]",
  operands: [2, Number.POSITIVE_INFINITY],
  about: `name=text sends text, name=@file the content of a file, name:=json a JSON value. With --schema each value is
converted to the type of its argument. Without it values are sent as text, and the answer is printed as text.`,
  options: {
    schema: {
      type: "string",
      value: "FILE",
      help: "read the commands from a TypeScript or JavaScript module",
    },
    ...clientFlags,
    ...timeoutFlag,
    "no-answer": { type: "boolean", help: "send the call without requesting an answer" },
    verbose: { type: "boolean", short: "v", help: "print the TLS session and the peer's certificate" },
  },
  examples: [
    ["ampwire call tcp://127.0.0.1:1234 Sum a=13 b=81", "add two numbers"],
    ["ampwire call unix:/run/calc.sock Upload name=cat.png data=@cat.png", "send a file as a value"],
    [
      "ampwire call tcp://127.0.0.1:1234 Sum a=13 b=81 --schema commands.ts --json",
      "convert and check the values by a schema",
    ],
    [
      "ampwire call tcp://calc.example:1234 Sum a=1 b=2 --starttls --ca ca.pem --cert me.pem",
      "call with mutual TLS",
    ],
  ],
  async run({ values: flags, positionals: [place = "", name = "", ...args], terminal }) {
    const address = parseAddress(place);
    const request = await prepareRequest("call", flags.schema, name, args);
    const tls = clientTLS({ ...flags, starttls: flags.starttls || request.startsTLS }, address);
    const timeout = timeoutOf(flags);

    const connection = await openConnection(address, { tls, timeout }).catch((error) => {
      throw verifyFailure(error, flags);
    });
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
      if (answer.length === 0 && !terminal.json) terminal.note("the answer is empty");
      else terminal.printResult(jsonRecord(answer), () => answer.map(line).join("\n"));
    } catch (error) {
      throw verifyFailure(error, flags);
    } finally {
      connection.destroy();
    }
    return 0;

    function line([key, value]: readonly [string, unknown]): string {
      return `${terminal.style.cyan(quotedIfNeeded(key, Number.POSITIVE_INFINITY, KEY_MARKS))}=${formatValue(value)}`;
    }
  },
});
