/** Options of a reconnecting client that contradict each other, and reasons that are not errors. */
import { command } from "ampwire";
import { type ReconnectingOptions, reconnecting } from "ampwire/node";
import { expect, it, onTestFinished } from "vitest";
import { ourServer } from "../../support/loopback.ts";
import { rejection } from "../../support/settled.ts";
import { until } from "../../support/within.ts";

const HOST = "127.0.0.1";
const Ping = command("Ping");

it("a signal that is aborted with a text ends the client with an error of this text", async () => {
  const abort = new AbortController();
  const client = reconnecting({ host: HOST, port: 1, signal: abort.signal });
  const call = rejection(client.callRemote(Ping));
  abort.abort("the user left");
  await expect(client.closed).resolves.toMatchObject({ message: "the user left", cause: "the user left" });
  expect((await call).message).toBe("Ping: the user left");
});

it("destroy() with a text ends the client with an error of this text", async () => {
  const client = reconnecting({ host: HOST, port: 1 });
  client.destroy("enough" as never); // as a program in JavaScript may pass it
  const reason = await client.closed;
  expect(reason).toBeInstanceOf(Error);
  expect(reason.message).toBe("enough");
});

it.each<[ReconnectingOptions, string]>([
  [{ port: 1, implicitTLS: true, startTLS: {} }, "reconnecting: implicitTLS and startTLS exclude each other"],
  [{ port: 1, path: "/tmp/a" } as never, "reconnecting: the options port and path exclude each other"],
  [{ port: 1, startTLS: false as never }, "reconnecting: startTLS must be an object"],
  [{ addresses: [{ port: "5000" as never }] }, 'port must be a whole number from 1 to 65535, not "5000"'],
])("reconnecting refuses %j", (options, message) => {
  expect(() => reconnecting(options)).toThrow(message);
});

it("an option open that is undefined counts as not set", async () => {
  const { port } = await ourServer();
  const client = reconnecting({ host: HOST, port, open: undefined } as never); // as a program in JavaScript may
  onTestFinished(() => client.destroy());
  await until(() => client.state === "connected");
});

it("the error names the value that open returns in place of a connection", async () => {
  const client = reconnecting({ open: () => undefined as never });
  onTestFinished(() => client.destroy());
  await until(() => client.lastError !== undefined);
  expect(client.lastError?.message).toBe("open must return a connection, not undefined");
});
