/** Calls during an upgrade are queued for TLS, in order, and are never sent outside it. */
import { command, LimitExceeded, locator, StartTLS, TLSRequired, unicode } from "ampwire";
import { describe, expect, test } from "vitest";
import { testCertificates } from "../../support/certificates.ts";
import { deferred } from "../../support/deferred.ts";
import { ourClient, ourServer, ours, pair } from "../../support/loopback.ts";
import { STLS } from "../../support/raw-peer.ts";
import { ended, rejection, settling } from "../../support/settled.ts";
import { wireTo } from "../../support/tcp-proxy.ts";
import { Mark, witness } from "../../support/witness.ts";

const { server: localCertificate } = await testCertificates();
const tls = { localCertificate };

const Tell = command("Tell", { arguments: { text: unicode() }, requiresAnswer: false });

describe.each(["server", "client"] as const)("asked by the TLS %s", (asker) => {
  test("case 11: a call right after startTLS() is only sent inside TLS", async () => {
    const one = witness();
    const other = witness();
    const accepting = await ourServer({ tls, locator: one.locator });
    const wire = await wireTo(accepting.port);
    const client = await ourClient(wire.port, { locator: other.locator });
    const server = await accepting.next();
    const asking = asker === "server" ? server : client;
    const upgrade = asking.startTLS();
    const calls = ["first secret", "second secret"].map((text) => asking.callRemote(Mark, { text }));
    await upgrade;
    expect(await Promise.all(calls)).toEqual([{ text: "first secret" }, { text: "second secret" }]);
    expect(asker === "server" ? other.heard : one.heard).toEqual(["first secret", "second secret"]);
    expect(wire.toServer.includes("StartTLS")).toBe(asker === "client");
    expect(wire.toServer.includes("secret")).toBe(false);
    expect(wire.toClient.includes("secret")).toBe(false);
  });

  test("case 11: answers to asks that arrive during the upgrade are queued for TLS", async () => {
    const { locator } = witness();
    const { connection, peer } = await ours(asker, { tls, locator });
    const upgrade = connection.startTLS();
    expect(await peer.box()).toEqual(STLS);
    peer.send({ _ask: "a", _command: "Mark", text: "asked before" }, { _answer: "1" });
    const [inside] = await Promise.all([
      asker === "server" ? peer.secure() : peer.tlsServer(localCertificate),
      upgrade,
    ]);
    expect(await inside.box()).toEqual({ _answer: "a", text: "asked before" });
    expect(peer.received.includes("asked before")).toBe(false);
  });
});

test("case 11: while the responder of StartTLS decides, calls of this end wait for the decision", async () => {
  const decided = deferred();
  const deciding = deferred();
  const { heard, locator: marks } = witness();
  const { server, client } = await pair(
    {
      tls,
      locator: locator(
        StartTLS.responder(() => {
          deciding.resolve();
          return decided.promise;
        }),
      ),
    },
    { locator: marks },
  );
  const upgrade = client.startTLS();
  await deciding.promise;
  const called = server.callRemote(Mark, { text: "held" });
  decided.resolve();
  await upgrade;
  expect(await called).toEqual({ text: "held" });
  expect(heard).toEqual(["held"]);
});

/** A connection whose responder of StartTLS refuses it once `decided` is resolved. */
async function undecided() {
  const decided = deferred();
  const deciding = deferred();
  const { connection, peer } = await ours("server", {
    locator: locator(
      StartTLS.responder(async () => {
        deciding.resolve();
        await decided.promise;
        throw new TLSRequired("not now");
      }),
    ),
    closeOnUndeclaredError: false,
  });
  peer.send(STLS);
  await deciding.promise;
  return { connection, peer, decided };
}

test("case 11: a call that requires TLS is rejected while the peer's StartTLS may still be refused", async () => {
  const Secret = Mark.extend("Secret", { requireTLS: true });
  const { connection, peer, decided } = await undecided();
  expect(await rejection(connection.callRemote(Secret, { text: "secret" }))).toBeInstanceOf(TLSRequired);
  void connection.callRemote(Mark, { text: "plain" }).catch(() => {});
  decided.resolve();
  expect(await peer.box()).toMatchObject({ _command: "Mark", text: "plain" });
  expect(await peer.box()).toMatchObject({ _error: "1" });
  expect(peer.received.includes("secret")).toBe(false);
});

test("case 11: a call that requires TLS may be made right after startTLS()", async () => {
  const Secret = Mark.extend("Secret", { requireTLS: true });
  const { server, client } = await pair({ tls, locator: locator(Secret.responder((args) => args)) });
  expect(await rejection(client.callRemote(Secret, { text: "secret" }))).toBeInstanceOf(TLSRequired);
  void client.startTLS();
  expect(await client.callRemote(Secret, { text: "secret" })).toEqual({ text: "secret" });
  expect(server.secure).toBe(true);
});

test("close() right after startTLS() delivers queued calls, and their answers arrive", async () => {
  const { heard, locator: marks } = witness();
  const heardTell = deferred<string>();
  const { client } = await pair({
    tls,
    locator: locator(
      marks,
      Tell.responder(({ text }) => heardTell.resolve(text)),
    ),
  });
  const upgrade = client.startTLS();
  client.callRemote(Tell, { text: "no answer wanted" });
  await Promise.all([client.close(), upgrade]);
  expect(await heardTell.promise).toBe("no answer wanted");
  expect(heard).toEqual([]);
});

test("close() while a responder decides about StartTLS still sends its refusal", async () => {
  const { connection, peer, decided } = await undecided();
  const over = connection.close();
  decided.resolve();
  expect(await peer.box()).toMatchObject({ _error: "1", _error_code: "UNKNOWN" });
  await over;
});

test("each queued call settles once, whatever arrives after its rejection", async () => {
  const { connection, peer } = await ours("client");
  const all = [connection.startTLS(), ...["a", "b"].map((text) => connection.callRemote(Mark, { text }))].map(
    settling,
  );
  expect(await peer.box()).toEqual(STLS);
  peer.send({ _error: "1", _error_code: "NO", _error_description: "" }, { _answer: "2", text: "a" });
  await Promise.all(all.map(({ over }) => over));
  connection.destroy();
  peer.reset();
  await ended(connection);
  expect(all.map(({ how }) => how)).toEqual([["rejected"], ["rejected"], ["rejected"]]);
});

test("case 20: queued calls over maxHeldBytes reject, and earlier ones continue", async () => {
  const { locator } = witness();
  const { client } = await pair({ tls, locator }, { limits: { maxHeldBytes: 10_000 } });
  const upgrade = client.startTLS();
  const calls = Array.from({ length: 1_000 }, (_, i) => client.callRemote(Mark, { text: String(i) }));
  const outcomes = await Promise.allSettled(calls);
  await upgrade;
  const refused = outcomes.filter(({ status }) => status === "rejected");
  expect(refused.length).toBeGreaterThan(500);
  for (const one of refused) expect((one as PromiseRejectedResult).reason).toBeInstanceOf(LimitExceeded);
  expect(outcomes.findIndex(({ status }) => status === "rejected")).toBe(1_000 - refused.length);
});
