/** Contract of calls over a connection to a Twisted peer: opened by either end, in plaintext or inside TLS. */
import {
  Box,
  ConnectionClosed,
  ConnectionLost,
  InvalidSignature,
  TooLong,
  UnhandledCommand,
  UnknownRemoteError,
} from "ampwire";
import type { NodeConnection } from "ampwire/node";
import { afterAll, beforeAll, expect, it } from "vitest";
import * as commands from "../support/commands.ts";
import { ECHOES } from "../support/echo-table.ts";
import { plain } from "../support/plain.ts";
import { causeOf, ended, rejection } from "../support/settled.ts";

const TEXT = "café: 😀";

/** @param open opens a new connection on which this end serves `peerLocator()` */
export function callSuite(open: () => Promise<NodeConnection>): void {
  let connection: NodeConnection;

  beforeAll(async () => {
    connection = await open();
  });
  afterAll(() => connection.close());

  it.each(ECHOES)("$name returns its arguments unchanged", async ({ command, fields }) => {
    expect(plain(await connection.callRemote(command, fields))).toEqual(plain(fields));
  });

  it("a call adds integers of any size", async () => {
    for (const [a, b] of [
      [13n, 81n],
      [-5n, 5n],
      [2n ** 128n, 1n],
      [-(10n ** 60n), 10n ** 59n],
    ] as const) {
      expect(await connection.callRemote(commands.Sum, { a, b })).toEqual({ total: a + b });
    }
  });

  it("a raw responder is called by a command in any case of its name, and by name and box", async () => {
    const data = Uint8Array.of(0, 0xff);
    expect(await connection.callRemote(commands.Raw, { data })).toEqual({ data });
    const answer = await connection.callRemoteString("RAW", new Box({ data, "other key": "é" }));
    expect([...answer.keys()].sort()).toEqual(["_answer", "data", "other key"]);
    expect(answer.text("other key")).toBe("é");
  });

  it("a quick answer overtakes a slow one", async () => {
    const order: string[] = [];
    await Promise.all([
      connection.callRemote(commands.Slow, { milliseconds: 60 }).then(() => order.push("slow")),
      connection.callRemote(commands.Slow, { milliseconds: 1 }).then(() => order.push("quick")),
    ]);
    expect(order).toEqual(["quick", "slow"]);
  });

  it("the peer calls back while it serves a call", async () => {
    expect(await connection.callRemote(commands.CallBack, { n: 50n })).toEqual({ total: 50n * 49n });
  });

  it("a connection has 200 calls in progress in both directions at once", async () => {
    const back = [1, 2, 3, 4].map(() => connection.callRemote(commands.CallBack, { n: 50n }));
    const asked = Array.from({ length: 200 }, (_, i) =>
      connection.callRemote(commands.Sum, { a: BigInt(i), b: 1n }),
    );
    expect(await Promise.all(asked)).toEqual(asked.map((_, i) => ({ total: BigInt(i + 1) })));
    expect(await Promise.all(back)).toEqual(back.map(() => ({ total: 50n * 49n })));
  });

  it("a command without an answer is executed and not answered", async () => {
    for (const message of ["first", "", TEXT]) {
      expect(connection.callRemote(commands.Notify, { message })).toBeUndefined();
      expect(await connection.callRemote(commands.LastNotified)).toEqual({ message });
    }
    const answer = await connection.callRemoteString("Notify", new Box({ message: "asked" }));
    expect([...answer.keys()]).toEqual(["_answer"]);
  });

  const base = { which: "base" };
  const extended = { which: "extended" };

  it.each([
    {
      errorClass: commands.DeclaredError,
      call: (message: string) => connection.callRemote(commands.FailDeclared, { message }),
    },
    {
      errorClass: commands.BaseError,
      call: (message: string) => connection.callRemote(commands.FailBase, { message }),
    },
    {
      errorClass: commands.BaseError, // inherited
      call: (message: string) => connection.callRemote(commands.FailExtended, { message, ...base }),
    },
    {
      errorClass: commands.ExtendedError,
      call: (message: string) => connection.callRemote(commands.FailExtended, { message, ...extended }),
    },
  ])("a caller receives $errorClass.name as an instance of its class", async ({ errorClass, call }) => {
    for (const message of [TEXT, ""]) {
      const error = await rejection(call(message));
      expect(error).toEqual(new errorClass(message));
      expect(Object.getPrototypeOf(error)).toBe(errorClass.prototype);
    }
  });

  it("a division by zero rejects with ZeroDivisionError", async () => {
    const divide = (denominator: bigint) =>
      connection.callRemote(commands.Divide, { numerator: 7n, denominator });
    expect(await divide(2n)).toEqual({ result: 3.5 });
    await expect(divide(0n)).rejects.toThrow(new commands.ZeroDivisionError("division by zero"));
  });

  it("an undeclared error code rejects with UnknownRemoteError and the connection stays open", async () => {
    const call = connection.callRemote(commands.FailWith, {
      code: Buffer.from("ODD"),
      description: TEXT,
      fatal: false,
    });
    expect(await rejection(call)).toMatchObject({ errorCode: "ODD", description: TEXT });
    await expect(call).rejects.toBeInstanceOf(UnknownRemoteError);
  });

  it("an unknown command rejects with UnhandledCommand and the connection stays open", async () => {
    await expect(connection.callRemote(commands.NotServed)).rejects.toBeInstanceOf(UnhandledCommand);
    await expect(connection.callRemote(commands.NotServed)).rejects.toThrow(
      "Unhandled Command: b'NotServed'",
    );
  });

  it("a call with invalid arguments rejects and sends nothing", async () => {
    const value = new Uint8Array(65_536);
    await expect(connection.callRemote(commands.EchoString, { value })).rejects.toBeInstanceOf(TooLong);
    const missing = { a: 1n } as { a: bigint; b: bigint };
    await expect(connection.callRemote(commands.Sum, missing)).rejects.toBeInstanceOf(InvalidSignature);
    expect(await connection.callRemote(commands.Sum, { a: 1n, b: 2n })).toEqual({ total: 3n });
  });

  describeAskMe(() => connection);

  it.each([
    ["a fatal error", "FailFatal", { message: TEXT }, "FATAL", TEXT],
    ["an undeclared error", "FailUndeclared", { message: "a secret" }, "UNKNOWN", "Unknown Error"],
    ["a return value that cannot be encoded", "FailReturn", {}, "UNKNOWN", "Unknown Error"],
    ["a missing argument", "Sum", { a: "1" }, "UNKNOWN", "Unknown Error"],
    ["a bad argument", "Sum", { a: "1", b: "0x10" }, "UNKNOWN", "Unknown Error"],
    [
      "an error that the responder marks as fatal",
      "FailWith",
      { code: "ODD", description: TEXT, fatal: "True" },
      "ODD",
      TEXT,
    ],
  ])("the peer closes the connection after %s", async (_, command, fields, code, description) => {
    const doomed = await open();
    const call = doomed.callRemoteString(command, box(fields));
    expect(await rejection(call)).toMatchObject({ errorCode: code, description });
    expect(await ended(doomed)).toBeInstanceOf(ConnectionClosed);
    const late = await rejection(doomed.callRemote(commands.Sum, { a: 1n, b: 2n }));
    expect(causeOf(late)).toBe(await ended(doomed));
  });

  it("the peer closes the connection after an answer that is its last box", async () => {
    const doomed = await open();
    expect(await doomed.callRemote(commands.Quit, { message: TEXT })).toEqual({ goodbye: TEXT });
    expect(await ended(doomed)).toBeInstanceOf(ConnectionClosed);
  });

  it("a caller receives a fatal error as an instance of its class", async () => {
    const doomed = await open();
    const call = doomed.callRemote(commands.FailFatal, { message: TEXT });
    await expect(call).rejects.toThrow(new commands.FatalError(TEXT));
    expect(await rejection(call)).toBeInstanceOf(commands.FatalError);
    await ended(doomed);
  });

  it.each([
    ["an answer over 65535 bytes", commands.Repeat, { value: new Uint8Array(65_535), times: 2 }],
    ["the end of the stream", commands.HangUp, { abort: false }],
    ["a reset of the stream", commands.HangUp, { abort: true }],
  ])("every call in progress rejects once after %s", async (_, command, fields) => {
    const doomed = await open();
    const outcomes = await Promise.allSettled([
      doomed.callRemote(commands.Slow, { milliseconds: 10_000 }),
      doomed.callRemoteString(command.name, (command.makeArguments as (values: object) => Box)(fields)),
      doomed.callRemote(commands.Slow, { milliseconds: 10_000 }),
    ]);
    const reason = await ended(doomed);
    expect(reason).toBeInstanceOf(ConnectionLost);
    for (const outcome of outcomes)
      expect(outcome).toMatchObject({ status: "rejected", reason: { cause: reason } });
  });
}

/** Ampwire's responders as Twisted's caller sees them: the peer makes the call when `AskMe` tells it to. */
function describeAskMe(connection: () => NodeConnection): void {
  const askMe = async (command: string, fields: Readonly<Record<string, string>> = {}) => {
    const rows = Object.entries(fields).map(([key, value]) => ({
      key: Buffer.from(key),
      value: Buffer.from(value),
    }));
    const answer = await connection().callRemote(commands.AskMe, {
      command: Buffer.from(command),
      fields: rows,
    });
    const { outcome, code, description } = answer;
    const pairs = answer.fields.map(({ key, value }): [string, string] => [text(key), text(value)]);
    return { outcome, fields: Object.fromEntries(pairs), code: text(code), description };
  };

  it.each([
    ["Sum", { a: " +1_3 ", b: "081", more: "ignored" }, { total: "94" }],
    ["EchoOptional", {}, {}],
    ["EchoFloat", { value: "1E400" }, { value: "inf" }],
    ["rAw", { "any key": "é" }, { "any key": "é" }],
  ])("a responder answers Twisted's call of %s", async (command, fields, answer) => {
    expect(await askMe(command, fields)).toEqual({
      outcome: "answer",
      fields: answer,
      code: "",
      description: "",
    });
  });

  it.each([
    ["UnhandledCommand", "Nope", {}, "UNHANDLED", "Unhandled Command: 'Nope'"],
    ["UnhandledCommand", "sum", {}, "UNHANDLED", "Unhandled Command: 'sum'"],
    ["RemoteAmpError", "FailDeclared", { message: TEXT }, "DECLARED", TEXT],
    ["RemoteAmpError", "FailExtended", { message: "b", which: "base" }, "BASE", "b"],
    ["RemoteAmpError", "FailExtended", { message: "", which: "extended" }, "EXTENDED", ""],
    ["RemoteAmpError", "FailWith", { code: "ODD", description: "odd", fatal: "False" }, "ODD", "odd"],
  ])("Twisted receives %s from a call of %s", async (outcome, command, fields, code, description) => {
    expect(await askMe(command, fields)).toEqual({ outcome, fields: {}, code, description });
  });
}

function text(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}

function box(fields: Readonly<Record<string, string>>): Box {
  return new Box(fields);
}
