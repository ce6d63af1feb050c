/** Errors of functions that open something: they show the program that has called the function. */
import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { ConnectFailed, HandshakeTimeout } from "ampwire";
import { connect, listen } from "ampwire/node";
import { expect, onTestFinished, test } from "vitest";
import { settledAtCaller } from "../../support/caller.ts";

const host = "127.0.0.1";

/** Returns the port of a server that reads nothing and writes nothing. */
async function silentPort(): Promise<number> {
  const server = createServer((socket) => socket.pause()).listen(0, host);
  onTestFinished(() => void server.close());
  await once(server, "listening");
  return (server.address() as AddressInfo).port; // a TCP server has such an address
}

async function freePort(): Promise<number> {
  const server = await listen({ port: 0, host });
  await server.close();
  return server.address().port;
}

test("connect() that is refused has the stack of its caller", async () => {
  const port = await freePort();
  const error = await settledAtCaller(() => connect({ port, host }));
  expect(error).toBeInstanceOf(ConnectFailed);
  expect(error).toMatchObject({ code: "CONNECT_FAILED", cause: { code: "ECONNREFUSED" } });
  expect(await settledAtCaller(() => connect({ path: "/nonexistent/a.sock" }))).toBeInstanceOf(ConnectFailed);
});

test("connect() with implicitTLS that gets no handshake has the stack of its caller", async () => {
  const port = await silentPort();
  const limits = { handshakeTimeout: 30 };
  const error = await settledAtCaller(() => connect({ port, host, implicitTLS: true, limits }));
  expect(error).toBeInstanceOf(HandshakeTimeout);
});

test("connect() that a signal aborts rejects with the unchanged reason", async () => {
  const reason = new Error("of the program");
  const { stack } = reason;
  const signal = AbortSignal.abort(reason);
  expect(await connect({ port: 1, host, signal }).catch((error: unknown) => error)).toBe(reason);
  const abort = new AbortController();
  const attempt = connect({
    port: 1,
    host: "amp.example",
    lookup: () => abort.abort(reason),
    signal: abort.signal,
  });
  expect(await attempt.catch((error: unknown) => error)).toBe(reason);
  expect(reason.stack).toBe(stack);
});

test("listen() at a port that is in use has the stack of its caller", async () => {
  const port = await silentPort();
  expect(await settledAtCaller(() => listen({ port, host }))).toMatchObject({ code: "EADDRINUSE" });
});
