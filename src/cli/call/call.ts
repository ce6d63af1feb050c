/** `ampwire call`: calls a command and prints the answer. */
import { isNatsAddress } from "../nats/address.ts";
import { natsFlags, refuseNatsFlags } from "../nats/connection.ts";
import { parseServerAddress } from "../net/address.ts";
import { openConnection } from "../net/open.ts";
import { sessionText } from "../net/session.ts";
import { timeoutFlag, timeoutOf } from "../net/timeout.ts";
import { clientFlags, clientTLS } from "../net/tls-flags.ts";
import { verifyFailure } from "../net/verify-failure.ts";
import { formatValue, jsonRecord, KEY_MARKS, quotedIfNeeded } from "../print/values.ts";
import { subcommand } from "../subcommand.ts";
import { type CallTarget, prepareRequest, type Request } from "./request.ts";

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
    ...natsFlags,
    ...timeoutFlag,
    "no-answer": { type: "boolean", help: "send the call without requesting an answer" },
    verbose: { type: "boolean", short: "v", help: "print the TLS session and the peer's certificate" },
  },
  examples: [
    ["ampwire call tcp://127.0.0.1:1234 Sum a=13 b=81", "add two numbers"],
    ["ampwire call unix:/run/calc.sock Upload name=cat.png data=@cat.png", "send a file as a value"],
    ["ampwire call nats://127.0.0.1:4222/calc Sum a=13 b=81", "call a service on NATS"],
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
    const request = await prepareRequest("call", flags.schema, name, args);
    if (isNatsAddress(place)) {
      const { openService } = await import("../nats/calls.ts");
      const opened = await openService("call", place, flags, timeoutOf(flags));
      try {
        await callOnce(opened.caller, request, timeoutOf(flags));
      } finally {
        await opened[Symbol.asyncDispose]();
      }
      return 0;
    }
    refuseNatsFlags("call", flags, "an address nats://");
    const address = parseServerAddress(place);
    const tls = clientTLS({ ...flags, starttls: flags.starttls || request.startsTLS }, address);
    const timeout = timeoutOf(flags);

    const connection = await openConnection(address, { tls, timeout }).catch((error) => {
      throw verifyFailure(error, flags);
    });
    try {
      if (flags.starttls) await connection.startTLS({ timeout });
      if (flags.verbose && !request.startsTLS) terminal.note(sessionText(connection));
      const showSession = () => {
        if (flags.verbose && request.startsTLS) terminal.note(sessionText(connection));
      };
      if (!(await callOnce(connection, request, timeout, showSession))) await connection.close();
    } catch (error) {
      throw verifyFailure(error, flags);
    } finally {
      connection.destroy();
    }
    return 0;

    /**
     * Returns false for a call without an answer.
     * @param answered called before the answer is printed
     */
    async function callOnce(
      target: CallTarget,
      request: Request,
      timeout: number | undefined,
      answered: () => void = () => {},
    ): Promise<boolean> {
      if (flags["no-answer"] || !request.requiresAnswer) {
        request.send(target);
        return false;
      }
      const answer = await request.ask(target, timeout);
      answered();
      if (answer.length === 0 && !terminal.json) terminal.note("the answer is empty");
      else terminal.printResult(jsonRecord(answer), () => answer.map(line).join("\n"));
      return true;
    }

    function line([key, value]: readonly [string, unknown]): string {
      return `${terminal.style.cyan(quotedIfNeeded(key, Number.POSITIVE_INFINITY, KEY_MARKS))}=${formatValue(value)}`;
    }
  },
});
