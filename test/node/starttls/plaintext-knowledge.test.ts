/** State and calls that began in plaintext, and their treatment inside TLS. */
import { command, locator, NotQuiescent, StartTLS, TLSRequired, unicode } from "ampwire";
import { flushPending } from "ampwire/testing";
import { describe, expect, test } from "vitest";
import { testCertificates } from "../../support/certificates.ts";
import { deferred } from "../../support/deferred.ts";
import { ours, pair } from "../../support/loopback.ts";
import { ANS, bytesOf, STLS } from "../../support/raw-peer.ts";
import { causeOf, ended, rejection } from "../../support/settled.ts";
import { Mark, witness } from "../../support/witness.ts";

const { server: localCertificate } = await testCertificates();
const tls = { localCertificate };

const Login = command("Login", { arguments: { user: unicode() } });
const WhoAmI = command("WhoAmI", { response: { user: unicode() } });

function logins() {
  return locator(
    Login.responder(({ user }, { state }) => {
      state.user = user;
    }),
    WhoAmI.responder((_, { state }) => ({ user: String(state.user ?? "nobody") })),
  );
}

describe("case 12: a login in plaintext", () => {
  test.each(["client", "server"] as const)(
    "a login in plaintext is forgotten at an upgrade that the %s asks for",
    async (asker) => {
      const ends = await pair({ tls, locator: logins() }, { locator: logins() });
      await ends.client.callRemote(Login, { user: "mallory" });
      await ends.server.callRemote(Login, { user: "mallory" });
      expect(await ends.client.callRemote(WhoAmI)).toEqual({ user: "mallory" });
      await ends[asker].startTLS();
      expect(await ends.client.callRemote(WhoAmI)).toEqual({ user: "nobody" });
      expect(await ends.server.callRemote(WhoAmI)).toEqual({ user: "nobody" });
      await ends.client.callRemote(Login, { user: "alice" });
      expect(await ends.client.callRemote(WhoAmI)).toEqual({ user: "alice" });
    },
  );

  test("a login that was sent together with the StartTLS is forgotten too", async () => {
    const { connection, peer } = await ours("server", { tls, locator: logins() });
    const upgrade = connection.startTLS();
    await peer.box();
    peer.send({ _ask: "a", _command: "Login", user: "mallory" }, { _answer: "1" });
    const inside = await peer.secure();
    await upgrade;
    expect(await inside.box()).toEqual({ _answer: "a" });
    inside.send({ _ask: "b", _command: "WhoAmI" });
    expect(await inside.box()).toEqual({ _answer: "b", user: "nobody" });
  });

  test("a login by a responder that finishes inside TLS stays in the plaintext state", async () => {
    const upgraded = deferred();
    const Slow = command("Slow");
    const slow = Slow.responder(async (_, { state }) => {
      await upgraded.promise;
      state.user = "mallory";
    });
    const { client } = await pair({ tls, locator: locator(slow, logins()) });
    const asked = client.callRemote(Slow);
    await client.startTLS();
    upgraded.resolve();
    await asked;
    expect(await client.callRemote(WhoAmI)).toEqual({ user: "nobody" });
  });

  test("a command that requires TLS is neither sent nor served in plaintext", async () => {
    const SafeLogin = Login.extend("SafeLogin", { requireTLS: true });
    const served: string[] = [];
    const { connection, peer } = await ours("server", {
      locator: locator(SafeLogin.responder(({ user }) => void served.push(user))),
    });
    expect(await rejection(connection.callRemote(SafeLogin, { user: "us" }))).toBeInstanceOf(TLSRequired);
    peer.send({ _ask: "a", _command: "SafeLogin", user: "mallory" });
    expect(await peer.box()).toMatchObject({ _error: "a", _error_code: "TLS_REQUIRED" });
    peer.send({ _command: "SafeLogin", user: "mallory" }, STLS);
    expect(await peer.box()).toEqual({ _answer: "1" });
    const inside = await peer.secure();
    inside.send({ _ask: "b", _command: "SafeLogin", user: "alice" });
    expect(await inside.box()).toEqual({ _answer: "b" });
    expect(served).toEqual(["alice"]);
  });

  test("requireTLS of a connection rejects every command in plaintext", async () => {
    const { heard, locator: marks } = witness();
    const { connection, peer } = await ours("server", { tls, requireTLS: true, locator: marks });
    expect(await rejection(connection.callRemote(Mark, { text: "us" }))).toBeInstanceOf(TLSRequired);
    expect(await rejection(connection.callRemoteString("Mark"))).toBeInstanceOf(TLSRequired);
    peer.send({ _ask: "a", _command: "Mark", text: "evil" });
    expect(await peer.box()).toMatchObject({ _error: "a", _error_code: "TLS_REQUIRED" });
    peer.send({ _ask: "b", _command: "Unheard" }); // the peer does not learn which commands exist
    expect(await peer.box()).toMatchObject({ _error: "b", _error_code: "TLS_REQUIRED" });
    peer.send(STLS);
    expect(await peer.box()).toEqual({ _answer: "1" });
    const inside = await peer.secure();
    inside.send({ _ask: "b", _command: "Mark", text: "fair" });
    expect(await inside.box()).toEqual({ _answer: "b", text: "fair" });
    expect(heard).toEqual(["fair"]);
  });
});

describe("case 13: a call in progress at the upgrade", () => {
  const Wait = command("Wait", { response: { text: unicode() } });

  function waiting() {
    const answer = deferred<{ text: string }>();
    const asked = deferred();
    const responder = Wait.responder(() => {
      asked.resolve();
      return answer.promise;
    });
    return { answer, asked: asked.promise, responder };
  }

  test.each(["client", "server"] as const)(
    "a call in progress is answered inside TLS, upgrade by the %s",
    async (asker) => {
      const { answer, asked, responder } = waiting();
      const answering = { tls, locator: locator(responder) };
      const ends = await pair(answering, answering);
      const open = ends[asker].callRemote(Wait);
      await asked;
      await ends.client.startTLS();
      answer.resolve({ text: "late" });
      expect(await open).toEqual({ text: "late" });
    },
  );

  test("requireQuiescent rejects an upgrade with a call of this end in progress, and nothing is sent", async () => {
    const { answer, asked, responder } = waiting();
    const { client } = await pair({ tls, locator: locator(responder) });
    const open = client.callRemote(Wait);
    await asked;
    expect(await rejection(client.startTLS({ requireQuiescent: true }))).toBeInstanceOf(NotQuiescent);
    expect(await rejection(client.callRemote(StartTLS, { tls_requireQuiescent: true }))).toBeInstanceOf(
      NotQuiescent,
    );
    answer.resolve({ text: "late" });
    expect(await open).toEqual({ text: "late" });
    await client.startTLS({ requireQuiescent: true });
    expect(client.secure).toBe(true);
  });

  test("requireQuiescent rejects an upgrade with a call of the peer in progress", async () => {
    const { answer, asked, responder } = waiting();
    const { client, server } = await pair({}, { locator: locator(responder) });
    const open = server.callRemote(Wait);
    await asked;
    expect(await rejection(client.startTLS({ requireQuiescent: true }))).toBeInstanceOf(NotQuiescent);
    answer.resolve({ text: "late" });
    expect(await open).toEqual({ text: "late" });
    expect(client.secure).toBe(false);
  });

  test("a responder may refuse StartTLS with TLS_NOT_QUIESCENT while calls are in progress, and AMP continues", async () => {
    const { answer, asked, responder } = waiting();
    const { connection, peer } = await ours("server", {
      tls,
      locator: locator(
        responder,
        StartTLS.responder(() => ({ tls_requireQuiescent: true })),
      ),
    });
    peer.send({ _ask: "a", _command: "Wait" });
    await asked;
    peer.send(STLS);
    expect(await peer.box()).toMatchObject({ _error: "1", _error_code: "TLS_NOT_QUIESCENT" });
    answer.resolve({ text: "late" });
    expect(await peer.box()).toEqual({ _answer: "a", text: "late" });
    peer.send({ ...STLS, _ask: "2" });
    expect(await peer.box()).toEqual({ _answer: "2" });
    const inside = await peer.secure();
    inside.send({ _ask: "b", _command: "Wait" });
    expect(await inside.box()).toEqual({ _answer: "b", text: "late" });
    expect(connection.secure).toBe(true);
  });

  test("a responder may refuse StartTLS although the call was answered meanwhile, because no answer has been sent", async () => {
    const { answer, asked, responder } = waiting();
    const agreed = deferred<{ tls_requireQuiescent: boolean }>();
    const { peer } = await ours("server", {
      tls,
      locator: locator(
        responder,
        StartTLS.responder(() => agreed.promise),
      ),
    });
    peer.send({ _ask: "a", _command: "Wait" }, STLS);
    await asked;
    answer.resolve({ text: "late" });
    await flushPending();
    agreed.resolve({ tls_requireQuiescent: true });
    expect(await peer.box()).toEqual({ _answer: "a", text: "late" });
    expect(await peer.box()).toMatchObject({ _error: "1", _error_code: "TLS_NOT_QUIESCENT" });
  });

  describe.each(["server", "client"] as const)(
    "an ask that the TLS %s receives between its StartTLS and the answer",
    (role) => {
      /** This end has asked for TLS. The peer asks first, and answers when told to. */
      async function asking() {
        const wait = waiting();
        const { heard, locator: marks } = witness();
        const joined = await ours(role, { tls, locator: locator(wait.responder, marks) });
        const upgrade = joined.connection.startTLS({ requireQuiescent: true });
        await joined.peer.box();
        return { ...joined, ...wait, heard, upgrade };
      }

      test.each([
        ["still running", "Wait"],
        ["answered, with the answer queued", "Mark"],
        ["without a responder", "Nobody"],
      ])("an ask before the answer fails a quiescent upgrade: %s", async (_, name) => {
        const { connection, peer, upgrade } = await asking();
        const failed = rejection(upgrade);
        const held = rejection(connection.callRemote(Mark, { text: "held" }));
        peer.send({ _ask: "a", _command: name, text: "evil" }, ANS);
        expect(await failed).toBeInstanceOf(NotQuiescent);
        expect(causeOf(await held)).toBe(causeOf(await failed));
        await peer.end();
        expect(peer.received).toEqual(bytesOf(STLS)); // no answer and no handshake
        peer.finish();
        expect(await ended(connection)).toBe(causeOf(await failed));
        expect(connection.secure).toBe(false);
      });

      test("an ask that is answered before the handshake begins fails a quiescent upgrade", async () => {
        const { answer, asked, peer, upgrade } = await asking();
        const failed = rejection(upgrade);
        peer.send({ _ask: "a", _command: "Wait" });
        await asked;
        answer.resolve({ text: "late" });
        await flushPending();
        peer.send(ANS);
        expect(await failed).toBeInstanceOf(NotQuiescent);
        expect(peer.received).toEqual(bytesOf(STLS));
      });

      test("asks without a tag and queued calls do not fail a quiescent upgrade", async () => {
        const { connection, heard, peer, upgrade } = await asking();
        const held = connection.callRemote(Mark, { text: "held" });
        peer.send({ _command: "Mark", text: "told" }, ANS);
        const inside = role === "server" ? await peer.secure() : await peer.tlsServer(localCertificate);
        await upgrade;
        expect(heard).toEqual(["told"]);
        expect(await inside.box()).toEqual({ _ask: "2", _command: "Mark", text: "held" });
        inside.send({ _answer: "2", text: "held" });
        expect(await held).toEqual({ text: "held" });
      });
    },
  );
});
