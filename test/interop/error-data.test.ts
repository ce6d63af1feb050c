/** Errors with data, and error codes that are not UTF-8, between ampwire and Twisted. */
import { command, declaredError, locator, optional, UnknownRemoteError, unicode } from "ampwire";
import { connect, listen } from "ampwire/node";
import { expect, it } from "vitest";
import * as commands from "../support/commands.ts";
import { peerLocator } from "../support/responders.ts";
import { addressOf, describeWithTwisted, twistedRun, twistedServer } from "../support/twisted.ts";

class DataError extends Error {
  readonly detail: string | undefined;
  constructor(message: string, { detail }: { detail?: string }) {
    super(message);
    this.detail = detail;
  }
}
class OddError extends Error {}

const [code] = Object.keys(commands.FailDeclared.errors);

/** Returns FailDeclared of the peers, with data in its error. */
function failDeclared(required: boolean) {
  const detail = unicode();
  return command("FailDeclared", {
    arguments: commands.FailDeclared.arguments,
    errors: {
      [code as string]: required
        ? declaredError(
            DataError as new (
              message: string,
              data: { detail: string },
            ) => DataError & { detail: string },
            { detail },
          )
        : declaredError(DataError, { detail: optional(detail) }),
    },
  });
}

describeWithTwisted("errors with data", () => {
  it("a Twisted client ignores the data of an error", async () => {
    const withData = failDeclared(true).responder(({ message }) => {
      throw new DataError(message, { detail: "more than the message" });
    });
    await using server = await listen({
      port: 0,
      host: "127.0.0.1",
      locator: locator(withData, peerLocator()),
    });
    const { failures, steps } = await twistedRun("errors", addressOf(server));
    expect(failures).toEqual([]);
    expect(steps.get("DeclaredError")?.ok).toBe(true);
  });

  it("an error of a Twisted server has no data, which optional data allows", async () => {
    await using server = await twistedServer();
    await using connection = await connect(server.address);
    const call = (required: boolean) => connection.callRemote(failDeclared(required), { message: "é" });
    await expect(call(false)).rejects.toMatchObject({
      constructor: DataError,
      message: "é",
      detail: undefined,
    });
    await expect(call(true)).rejects.toMatchObject({
      constructor: UnknownRemoteError,
      errorCode: code,
      description: "é",
    });
  });

  it("an error code of a Twisted server that is not UTF-8 keeps its bytes, and can be declared", async () => {
    await using server = await twistedServer();
    await using connection = await connect(server.address);
    const values = { code: Uint8Array.of(0x4f, 0xff), description: "odd", fatal: false };
    await expect(connection.callRemote(commands.FailWith, values)).rejects.toMatchObject({
      constructor: UnknownRemoteError,
      errorCode: "O\udcff",
    });
    const Declared = commands.FailWith.extend("FailWith", { errors: { "O\udcff": OddError } });
    await expect(connection.callRemote(Declared, values)).rejects.toBeInstanceOf(OddError);
  });
});
