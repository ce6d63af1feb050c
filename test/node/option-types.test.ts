/** Options of a wrong type, which a JavaScript program may pass: they are refused before anything is opened. */
import { expect, test } from "vitest";
import { connect, listen, reconnecting } from "../../src/node/index.ts";

test.each([
  ["onConnection", 5],
  ["serverLimits", 5],
  ["implicitTLS", "no"],
  ["unlinkStale", 0],
  ["reusePort", "yes"],
  ["noDelay", "false"],
])("listen refuses %s: %j", async (name, value) => {
  await expect(listen({ port: 0, host: "127.0.0.1", [name]: value })).rejects.toThrow(
    new RegExp(`^listen: ${name} must be `),
  );
});

test.each([
  ["maxConnections", Number.NaN],
  ["maxConnections", "10"],
  ["backlog", -1],
])("listen refuses %s: %j", async (name, value) => {
  await expect(listen({ port: 0, host: "127.0.0.1", [name]: value })).rejects.toThrow(RangeError);
});

test.each([
  ["keepAlive", "no"],
  ["lookup", 5],
  ["signal", {}],
  ["clock", 5],
  ["handshakeDelay", -1],
])("connect refuses %s: %j before it opens a socket", async (name, value) => {
  // Nothing listens on port 1: an attempt would fail with ConnectFailed.
  await expect(connect({ port: 1, host: "127.0.0.1", [name]: value })).rejects.toThrow(new RegExp(name));
});

test("connect needs a port or a path", async () => {
  await expect(connect({} as never)).rejects.toThrow(
    new TypeError("connect: the option port is needed, or path for a UNIX socket"),
  );
});

test("reconnecting refuses an isFatalError that is not a function", () => {
  expect(() => reconnecting({ port: 1, isFatalError: 5 as never })).toThrow(
    /isFatalError must be a function/,
  );
});

test.each([
  ["startTLS", { host: "127.0.0.1", port: 1, startTLS: true }],
  ["startTLS", { host: "127.0.0.1", port: 1, startTLS: false }],
  ["open", { open: 5 }],
])("reconnecting refuses %s in %j", (name, options) => {
  expect(() => reconnecting(options as never)).toThrow(new RegExp(`^reconnecting: ${name} must be `));
});
