/** A connection starts TLS only once. */
import { OnlyOneTLS, StartTLS } from "ampwire";
import { describe, expect, test } from "vitest";
import { testCertificates } from "../../support/certificates.ts";
import { ours, pair } from "../../support/loopback.ts";
import { STLS } from "../../support/raw-peer.ts";
import { rejection } from "../../support/settled.ts";
import { Mark, witness } from "../../support/witness.ts";

const { server: localCertificate } = await testCertificates();
const tls = { localCertificate };

test("case 8: a second StartTLS is answered with TLS_ERROR, and the connection continues", async () => {
  const { heard, locator } = witness();
  const { connection, peer } = await ours("server", { tls, locator });
  peer.send(STLS);
  await peer.box();
  const inside = await peer.secure();
  inside.send({ ...STLS, _ask: "2" }, { _ask: "3", _command: "Mark", text: "still here" });
  expect(await inside.box()).toMatchObject({ _error: "2", _error_code: "TLS_ERROR" });
  expect(await inside.box()).toEqual({ _answer: "3", text: "still here" });
  expect(heard).toEqual(["still here"]);
  expect(connection.secure).toBe(true);
});

test("case 8: a second StartTLS to a TLS client is answered with TLS_ERROR", async () => {
  const { locator } = witness();
  const { connection, peer } = await ours("client", { locator });
  peer.send(STLS);
  await peer.box();
  const inside = await peer.tlsServer(localCertificate);
  inside.send({ ...STLS, _ask: "2" }, { _ask: "3", _command: "Mark", text: "still here" });
  expect(await inside.box()).toMatchObject({ _error: "2", _error_code: "TLS_ERROR" });
  expect(await inside.box()).toEqual({ _answer: "3", text: "still here" });
  expect(connection.secure).toBe(true);
});

describe("case 9: a second startTLS", () => {
  test("a second startTLS inside TLS throws OnlyOneTLS on both ends, and changes nothing", async () => {
    const { locator } = witness();
    const { server, client } = await pair({ tls, locator }, { locator });
    await client.startTLS();
    expect(await rejection(client.startTLS())).toBeInstanceOf(OnlyOneTLS);
    expect(await rejection(server.startTLS())).toBeInstanceOf(OnlyOneTLS);
    expect(await rejection(client.callRemote(StartTLS))).toBeInstanceOf(OnlyOneTLS);
    expect(await client.callRemote(Mark, { text: "on" })).toEqual({ text: "on" });
    expect(await server.callRemote(Mark, { text: "and on" })).toEqual({ text: "and on" });
  });

  test("a second startTLS during the first throws OnlyOneTLS, and the first succeeds", async () => {
    const { locator } = witness();
    const { server, client } = await pair({ tls, locator }, { locator });
    const first = client.startTLS();
    expect(await rejection(client.startTLS())).toBeInstanceOf(OnlyOneTLS);
    await first;
    expect(await server.callRemote(Mark, { text: "on" })).toEqual({ text: "on" });
  });

  test("startTLS throws OnlyOneTLS while this end is about to answer the peer's", async () => {
    let second: Promise<Error> | undefined;
    const responder = StartTLS.responder((_, { connection }) => {
      second = rejection(connection.startTLS());
    });
    const { client } = await pair({ tls, locator: { locateResponder: () => responder } });
    await client.startTLS();
    expect(await second).toBeInstanceOf(OnlyOneTLS);
    expect(client.secure).toBe(true);
  });
});
