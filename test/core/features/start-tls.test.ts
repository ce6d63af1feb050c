/** What StartTLS declares, and its extensions; how it goes is in test/core/features/protocol-change.test.ts. */
import { locator, OnlyOneTLS, StartTLS, TLSNotAvailable, tlsBox, unicode } from "ampwire";
import { connectedPair, fakeCertificate, flushPending, scriptedPeer } from "ampwire/testing";
import { describe, expect, test } from "vitest";
import { textOf } from "../../support/raw-peer.ts";
import { rejection } from "../../support/settled.ts";

class BadToken extends Error {}

const SecureStart = StartTLS.extend("SecureStart", {
  arguments: { token: unicode() },
  errors: { BAD_TOKEN: BadToken },
});

describe("StartTLS", () => {
  test("is a command like any other, with another kind of box", () => {
    expect(StartTLS.name).toBe("StartTLS");
    expect([StartTLS.commandType, StartTLS.responseType]).toEqual([tlsBox, tlsBox]);
    expect(StartTLS.errors).toMatchObject({ TLS_ERROR: OnlyOneTLS, TLS_NOT_AVAILABLE: TLSNotAvailable });
  });

  test("its certificates never travel", () => {
    const values = {
      tls_localCertificate: fakeCertificate("a"),
      tls_verifyAuthorities: [fakeCertificate("b")],
      tls_serverName: "b",
      tls_requireQuiescent: true,
    };
    expect(textOf(StartTLS.makeArguments(values))).toEqual({});
  });

  test("certificates that a peer sends are ignored", async () => {
    const seen: object[] = [];
    const responder = StartTLS.responder((args) => {
      seen.push(args);
      throw new OnlyOneTLS("seen enough");
    });
    const { peer } = scriptedPeer({ locator: locator(responder) }, { fakeTLS: true });
    peer.send({ _ask: "1", _command: "StartTLS", tls_localCertificate: "forged" });
    await peer.expect({ _error: "1", _error_code: "TLS_ERROR", _error_description: "seen enough" });
    expect(seen).toEqual([{}]);
  });
});

describe("an extension of it", () => {
  const responder = SecureStart.responder(({ token }) => {
    if (token !== "good") throw new BadToken(token);
    return { tls_localCertificate: fakeCertificate("server") };
  });

  test("is a StartTLS, with arguments of its own", async () => {
    const [a, b] = connectedPair({}, { locator: locator(responder) }, { fakeTLS: true });
    await a.callRemote(SecureStart, {
      token: "good",
      tls_localCertificate: fakeCertificate("client"),
      tls_verifyAuthorities: [fakeCertificate("server")],
    });
    await flushPending();
    expect([a.peerCertificate?.commonName, b.peerCertificate?.commonName]).toEqual(["server", "client"]);
    expect(a.tls?.verified).toBe(true);
  });

  test("and errors of its own", async () => {
    const [a, b] = connectedPair({}, { locator: locator(responder) }, { fakeTLS: true });
    expect(await rejection(a.callRemote(SecureStart, { token: "bad" }))).toBeInstanceOf(BadToken);
    await a.closed;
    await b.closed;
    expect(b.secure).toBe(false);
  });
});
