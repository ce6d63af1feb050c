/** Fake timers of a test runner, installed after ampwire was loaded. */
import { syncBuiltinESMExports } from "node:module";
import timersPromises from "node:timers/promises";
import { command, HandshakeError, HandshakeTimeout, locator, unicode } from "ampwire";
import { connect, listen, type NodeConnection } from "ampwire/node";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { deferred } from "../../support/deferred.ts";
import { ours } from "../../support/loopback.ts";
import { ANS } from "../../support/raw-peer.ts";
import { rejection } from "../../support/settled.ts";

const Echo = command("Echo", { arguments: { text: unicode() }, response: { text: unicode() } });
const echoes = locator(Echo.responder((args) => args));

beforeEach(() => {
  vi.spyOn(timersPromises, "setTimeout").mockReturnValue(new Promise(() => {}));
  syncBuiltinESMExports();
  // Not nextTick: Node's own streams use it, so no socket works while it is fake.
  vi.useFakeTimers({
    toFake: [
      "setTimeout",
      "clearTimeout",
      "setInterval",
      "clearInterval",
      "setImmediate",
      "clearImmediate",
      "queueMicrotask",
      "performance",
      "Date",
    ],
  });
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
  syncBuiltinESMExports();
});

test("an upgrade that the client starts works while the timers are fake", async () => {
  const server = await listen({ host: "127.0.0.1", port: 0, locator: echoes });
  const client = await connect({ host: "127.0.0.1", port: server.address().port });
  await client.startTLS();
  expect(await client.callRemote(Echo, { text: "secret" })).toEqual({ text: "secret" });
  expect(client.secure).toBe(true);
  await client.close();
  await server.close();
});

test("an upgrade that the server starts works while the timers are fake, with its pause before the handshake", async () => {
  const accepted = deferred<NodeConnection>();
  const server = await listen({ host: "127.0.0.1", port: 0, onConnection: accepted.resolve });
  const client = await connect({ host: "127.0.0.1", port: server.address().port, locator: echoes });
  const connection = await accepted.promise;
  await connection.startTLS();
  expect(await connection.callRemote(Echo, { text: "secret" })).toEqual({ text: "secret" });
  await client.close();
  await server.close();
});

test("a peer that closes during the handshake fails the upgrade while the timers are fake", async () => {
  const { connection, peer } = await ours("client");
  const failed = rejection(connection.startTLS());
  await peer.box();
  peer.send(ANS);
  peer.finish();
  expect(await failed).toBeInstanceOf(HandshakeError);
});

test("a silent peer fails the upgrade at its timeout while the timers are fake", async () => {
  const { connection, peer } = await ours("client", { limits: { handshakeTimeout: 50 } });
  const failed = rejection(connection.startTLS());
  await peer.box();
  peer.send(ANS);
  expect(await failed).toBeInstanceOf(HandshakeTimeout);
});
