/** The option `tls` as a function, with TLS from the first byte: it may take any time, fail, or return nothing. */
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import type { Socket } from "node:net";
import { type AddressInfo, createServer } from "node:net";
import { HandshakeError, HandshakeTimeout } from "ampwire";
import { type ConnectOptions, connect, listen } from "ampwire/node";
import { manualClock } from "ampwire/testing";
import { expect, onTestFinished, test } from "vitest";
import { testCertificates } from "../support/certificates.ts";
import { deferred } from "../support/deferred.ts";
import { tidy } from "../support/loopback.ts";
import { rejection } from "../support/settled.ts";
import { event, until, within } from "../support/within.ts";

const HOST = "127.0.0.1";

/** A server that never sends a byte. */
async function silentServer() {
  const sockets: Socket[] = [];
  const server = createServer((socket) => void sockets.push(socket.on("error", () => {}).resume()));
  server.listen(0, HOST);
  await event(server, "listening");
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return { port: (server.address() as AddressInfo).port, sockets }; // of a TCP server
}

/** Returns the next socket that this process opens. */
function nextSocket(): Promise<Socket> {
  const opened = deferred<Socket>();
  const found = (message: unknown) => {
    unsubscribe("net.client.socket", found);
    opened.resolve((message as { socket: Socket }).socket); // the type that Node documents
  };
  subscribe("net.client.socket", found);
  return within(opened.promise, "a socket to be opened");
}

test("a peer that resets the connection while the tls function runs rejects connect, and does not end the process", async () => {
  const { port, sockets } = await silentServer();
  const opened = nextSocket();
  const asked = deferred();
  const tls = async () => {
    asked.resolve();
    const socket = await opened;
    // Not `once` of node:events, which would listen to `error` too.
    await new Promise<void>((resolve) => void socket.once("close", () => resolve()));
    return {};
  };
  const attempt = rejection(connect({ host: HOST, port, implicitTLS: true, tls }));
  await within(asked.promise, "the tls function to be called");
  await until(() => sockets.length === 1);
  sockets[0]?.resetAndDestroy();
  expect(await attempt).toBeInstanceOf(HandshakeError);
});

test("a tls function that takes longer than handshakeTimeout rejects connect, and the socket is closed", async () => {
  const { port, sockets } = await silentServer();
  const clock = manualClock();
  const tls = () => new Promise<never>(() => {});
  const attempt = rejection(connect({ host: HOST, port, implicitTLS: true, tls, clock }));
  await until(() => sockets.length === 1 && clock.pending > 0);
  clock.advance(10_000);
  expect(await attempt).toBeInstanceOf(HandshakeTimeout);
  await until(() => sockets[0]?.destroyed === true);
});

test("the signal of connect cancels the wait for the tls function", async () => {
  const { port, sockets } = await silentServer();
  const abort = new AbortController();
  const tls = () => new Promise<never>(() => {});
  const attempt = rejection(connect({ host: HOST, port, implicitTLS: true, tls, signal: abort.signal }));
  await until(() => sockets.length === 1);
  abort.abort(new Error("of the test"));
  expect((await attempt).message).toBe("of the test");
  await until(() => sockets[0]?.destroyed === true);
});

test.each([
  ["rejects", () => Promise.reject(new Error("no certificate")), "no certificate"],
  ["returns undefined", () => undefined, "tls: the function returned undefined, not TLS options"],
  ["returns null", async () => null, "tls: the options must be an object, not null"],
  ["returns a number", async () => 42, "tls: the options must be an object, not 42"],
  ["returns an array", () => [], "tls: the options must be an object, not an array of 0"],
])("connect rejects and closes the socket if the tls function %s", async (_, tls, message) => {
  const { port, sockets } = await silentServer();
  // The function returns what a JavaScript program may return by mistake.
  const options = { host: HOST, port, implicitTLS: true, tls } as unknown as ConnectOptions;
  expect((await rejection(connect(options))).message).toBe(message);
  await until(() => sockets[0]?.destroyed === true);
});

test("a server whose tls function returns nothing verifies no client by mistake: it refuses and reports the connection", async () => {
  const { authority } = await testCertificates();
  const errors: unknown[] = [];
  const server = await listen({
    host: HOST,
    port: 0,
    implicitTLS: true,
    tls: (() => undefined) as never, // a function that forgets to return its options
    onError: (error) => void errors.push(error),
    onConnection: tidy,
  });
  onTestFinished(() => server.destroy());
  const tls = { verifyAuthorities: [authority] };
  await rejection(connect({ host: HOST, port: server.address().port, implicitTLS: true, tls }));
  expect(errors).toMatchObject([{ message: "tls: the function returned undefined, not TLS options" }]);
  expect(server.connections.size).toBe(0);
});
