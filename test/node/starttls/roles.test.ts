/** Two ends with the same role in TLS, for example two clients that a relay joins. */
import { HandshakeError, HandshakeTimeout } from "ampwire";
import { attach, type NodeConnection } from "ampwire/node";
import { expect, test } from "vitest";
import { rawClient, rawServer, tidy } from "../../support/loopback.ts";
import { causeOf, ended, rejection } from "../../support/settled.ts";
import { Mark, witness } from "../../support/witness.ts";

const limits = { handshakeTimeout: 3_000 };

/** Joins two connections that have the same role. */
async function same(role: "client" | "server") {
  const server = await rawServer();
  const [one, other] = await Promise.all([rawClient(server.port), server.next()]);
  const { heard, locator } = witness();
  const ends = [one, other].map((socket): NodeConnection => attach(socket, { role, limits, locator }));
  for (const end of ends) tidy(end);
  const [asks, answers] = ends as [NodeConnection, NodeConnection];
  return { asks, answers, heard };
}

test("case 37: two TLS clients fail with an error that says so and names role, and no queued call is sent", async () => {
  const { asks, answers, heard } = await same("client");
  const upgrade = rejection(asks.startTLS());
  const held = rejection(asks.callRemote(Mark, { text: "secret" }));
  expect(await upgrade).toBeInstanceOf(HandshakeError);
  const cause = causeOf(await upgrade) as Error; // a HandshakeError, as the call's own error
  expect(causeOf(await held)).toBe(cause);
  const reason = await ended(answers);
  expect(reason).toBeInstanceOf(HandshakeError);
  for (const { message } of [reason, cause])
    expect(message).toBe(
      'both ends are TLS clients: set `role` to "server" at one end (in the options of connect or attach)',
    );
  expect(heard).toEqual([]);
});

test("case 37: two TLS servers wait until the timeout, and the error names role", async () => {
  const { asks, answers, heard } = await same("server");
  const upgrade = rejection(asks.startTLS());
  expect(await upgrade).toBeInstanceOf(HandshakeTimeout);
  expect((await upgrade).message).toContain("two TLS servers wait for each other: see `role`");
  await ended(answers);
  expect(heard).toEqual([]);
});
