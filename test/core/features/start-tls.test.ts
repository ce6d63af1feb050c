/**
 * The declaration of StartTLS and of its extensions. The upgrade is tested in
 * test/core/features/protocol-change.test.ts.
 */
import { Box, locator, OnlyOneTLS, StartTLS, TLSNotAvailable, tlsBox, unicode } from "ampwire";
import { connectedPair, fakeCertificate, flushPending, scriptedPeer } from "ampwire/testing";
import { describe, expect, test } from "vitest";
import { checkReturnedNames } from "../../../src/core/features/protocol-change/returned-names.ts";
import { textOf } from "../../support/raw-peer.ts";
import { ended, rejection } from "../../support/settled.ts";

class BadToken extends Error {}

const SecureStart = StartTLS.extend("SecureStart", {
  arguments: { token: unicode() },
  errors: { BAD_TOKEN: BadToken },
});

describe("StartTLS", () => {
  test("StartTLS is a command with boxes of the kind tlsBox", () => {
    expect(StartTLS.name).toBe("StartTLS");
    expect([StartTLS.commandType, StartTLS.responseType]).toEqual([tlsBox, tlsBox]);
    expect(StartTLS.errors).toMatchObject({ TLS_ERROR: OnlyOneTLS, TLS_NOT_AVAILABLE: TLSNotAvailable });
  });

  test("the certificates of StartTLS are not sent as values", () => {
    const values = {
      tls_localCertificate: fakeCertificate("a"),
      tls_verifyAuthorities: [fakeCertificate("b")],
      tls_serverName: "b",
      tls_requireQuiescent: true,
    };
    expect(textOf(StartTLS.makeArguments(values))).toEqual({});
  });

  test("certificates that a peer sends as values are ignored", async () => {
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

describe("an extension of StartTLS", () => {
  const responder = SecureStart.responder(({ token }) => {
    if (token !== "good") throw new BadToken(token);
    return { tls_localCertificate: fakeCertificate("server") };
  });

  test("an extension of StartTLS upgrades the connection and has arguments of its own", async () => {
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

  test.each([
    { misspelt: "tls_verifyAuthority", hint: ' (did you mean "tls_verifyAuthorities"?)' },
    { misspelt: "verifyAuthorities", hint: ' (did you mean "tls_verifyAuthorities"?)' },
    { misspelt: "greeting", hint: "" },
  ])(
    "an upgrade is refused if its responder returns $misspelt: a misspelt name does not disable verification",
    async ({ misspelt, hint }) => {
      for (const command of [StartTLS, SecureStart]) {
        const reported: unknown[] = [];
        const careless = command.responder(() => {
          const keys = {
            tls_localCertificate: fakeCertificate("server"),
            [misspelt]: [fakeCertificate("ca")],
          };
          return keys;
        });
        const serving = { locator: locator(careless), onError: (error: unknown) => reported.push(error) };
        const [a, b] = connectedPair({}, serving, { fakeTLS: true });
        const asked = a.callRemoteString(command.name, new Box({ token: "good" }));
        expect(await rejection(asked)).toMatchObject({ errorCode: "UNKNOWN" });
        await ended(b);
        expect(b.secure).toBe(false);
        const message = `the responder of ${command.name} returned: unknown option "${misspelt}"${hint}`;
        expect(reported).toMatchObject([{ code: "BAD_LOCAL_RETURN", message }]);
      }
    },
  );

  test.each([undefined, null, "text"])(
    "a command of the program whose response is %s declares no names, and its responder returns any",
    (response) => {
      // The interface has no response: a command of the program may have anything there.
      const own = Object.assign(Object.create(StartTLS), { response }) as typeof StartTLS;
      expect(() => checkReturnedNames(own, { greeting: "hello" })).not.toThrow();
    },
  );

  test.each([
    ["an array", []],
    ["a Map", new Map()],
  ])("options of TLS that are %s are refused: they would disable verification", async (_, tls) => {
    const { connection, peer } = scriptedPeer({}, { fakeTLS: true });
    // A JavaScript program may pass it.
    const given = tls as object;
    expect(await rejection(connection.startTLS(given))).toBeInstanceOf(TypeError);
    expect(() => scriptedPeer({ tls: given })).toThrow(TypeError);
    await flushPending();
    expect(peer.unread).toBe(0);
  });

  test("a function tls that returns undefined refuses the upgrade: it may have forgotten its options", async () => {
    const { connection } = scriptedPeer({ tls: () => undefined as never }, { fakeTLS: true });
    const error = await rejection(connection.startTLS());
    expect(error.message).toBe("tls: the function returned undefined, not TLS options");
  });

  test("a responder of an extension of StartTLS returns the values that the extension declares", async () => {
    const Greeting = StartTLS.extend("Greeting", { response: { greeting: unicode() } });
    const greeter = Greeting.responder(() => ({
      tls_localCertificate: fakeCertificate("server"),
      greeting: "hello",
    }));
    const [a] = connectedPair({}, { locator: locator(greeter) }, { fakeTLS: true });
    expect(await a.callRemote(Greeting)).toEqual({ greeting: "hello" });
    expect(a.secure).toBe(true);
  });

  test("the responder of a TLS client returns the name that the server's certificate must have", async () => {
    const client = StartTLS.responder(() => ({
      tls_verifyAuthorities: [fakeCertificate("server")],
      tls_serverName: "server",
    }));
    const tls = { localCertificate: fakeCertificate("server") };
    const [a, b] = connectedPair({ locator: locator(client) }, { tls }, { fakeTLS: true });
    await b.startTLS();
    await flushPending();
    expect(a.tls?.verified).toBe(true);
    expect(b.secure).toBe(true);
  });

  test("an extension of StartTLS has errors of its own", async () => {
    const [a, b] = connectedPair({}, { locator: locator(responder) }, { fakeTLS: true });
    expect(await rejection(a.callRemote(SecureStart, { token: "bad" }))).toBeInstanceOf(BadToken);
    await ended(a);
    await ended(b);
    expect(b.secure).toBe(false);
  });
});
