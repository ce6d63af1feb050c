/** Both ends ask for TLS at once: neither can be served, and both close. */
import { StartTLSCollision } from "ampwire";
import { expect, test } from "vitest";
import { ours, pair } from "../../support/loopback.ts";
import { bytesOf, STLS } from "../../support/raw-peer.ts";
import { rejection } from "../../support/settled.ts";
import { Mark, witness } from "../../support/witness.ts";

test("case 10: if both ends ask at once, both reject and both close", async () => {
  const { heard, locator } = witness();
  const { server, client } = await pair({ locator }, { locator });
  const both = [server, client];
  const upgrades = both.map((one) => rejection(one.startTLS()));
  const held = both.map((one) => rejection(one.callRemote(Mark, { text: "secret" })));
  for (const reason of await Promise.all([...upgrades, ...held, server.closed, client.closed])) {
    expect(reason).toBeInstanceOf(StartTLSCollision);
  }
  expect(heard).toEqual([]);
});

test.each(["server", "client"] as const)(
  "case 10: an ask that collides with that of the TLS %s is not answered, and the bytes after it are not executed",
  async (role) => {
    const { heard, locator } = witness();
    const { connection, peer } = await ours(role, { locator });
    const upgrade = rejection(connection.startTLS());
    expect(await peer.box()).toEqual(STLS);
    peer.send(STLS, { _ask: "b", _command: "Mark", text: "evil" });
    expect(await upgrade).toBeInstanceOf(StartTLSCollision);
    await peer.end();
    expect(peer.received).toEqual(bytesOf(STLS));
    expect(heard).toEqual([]);
  },
);
