/** The handshake after the answer to StartTLS, the session that follows, and the options that a server replaces. */
import { expect, onTestFinished, test } from "vitest";
import { TLSNotAvailable } from "../../../src/core/errors/caller.ts";
import { InvalidCertificate } from "../../../src/core/errors/tls.ts";
import { CurrentTLS } from "../../../src/node/tls/current-tls.ts";
import type { TLSOptions } from "../../../src/node/tls/options.ts";
import { describePeer } from "../../../src/node/tls/peer.ts";
import { startTLS } from "../../../src/node/tls/start-tls.ts";
import { refusalCheck, sessionOf, type Upgraded } from "../../../src/node/tls/upgraded.ts";
import { testCertificates } from "../../support/certificates.ts";
import { securePair, socketPair } from "./streams.ts";

const { authority, server } = await testCertificates();
const NOTHING = new Uint8Array();
/** Far longer than a test may take. */
const LONG_DELAY = 600_000;

/** Upgrades both ends of a pair; the client has called StartTLS. */
async function upgraded(client: TLSOptions, options: TLSOptions): Promise<[Upgraded, Upgraded]> {
  const [one, other] = await socketPair();
  const both = await Promise.all([
    startTLS(one, { ...client, role: "client" }, NOTHING, "asker", LONG_DELAY),
    startTLS(other, { ...options, role: "server" }, NOTHING, "responder", LONG_DELAY),
  ]);
  onTestFinished(() => {
    for (const { stream } of both) stream.destroy();
  });
  return both;
}

test("only a TLS client that has answered StartTLS waits before its handshake", async () => {
  const [client] = await upgraded({}, { localCertificate: server });
  expect(client.stream.encrypted).toBe(true);
});

test("a TLS server that has called StartTLS does not wait before its handshake", async () => {
  const [one, other] = await socketPair();
  const [client, theirs] = await Promise.all([
    startTLS(one, { role: "client" }, NOTHING, "responder", 0),
    startTLS(other, { role: "server", localCertificate: server }, NOTHING, "asker", LONG_DELAY),
  ]);
  expect(theirs.stream.encrypted).toBe(true);
  client.stream.destroy();
  theirs.stream.destroy();
});

test("the session of a server without certificate has the ephemeral one, and that of a client has none", async () => {
  const [client, theirs] = await upgraded({}, {});
  expect(sessionOf(client)).toMatchObject({ hostCertificate: undefined, verified: false });
  expect(sessionOf(theirs)).toMatchObject({
    hostCertificate: { commonName: "TEMPORARY CERTIFICATE" },
    peerCertificate: undefined,
    verified: false,
  });
});

test("the session of an end that has verified its peer is verified", async () => {
  const [client, theirs] = await upgraded({ verifyAuthorities: [authority] }, { localCertificate: server });
  expect(sessionOf(client).verified).toBe(true);
  expect(sessionOf(theirs).verified).toBe(false);
});

test("the certificate of a peer stays the same object, also after the socket was destroyed", async () => {
  const [one, other] = await securePair({}, { localCertificate: server });
  const { certificate } = describePeer(one);
  expect(certificate?.fingerprint).toBe(server.fingerprint);
  one.destroy();
  other.destroy();
  expect(describePeer(one).certificate).toBe(certificate);
});

test("only a client takes the end of its stream for a refusal of its certificate", () => {
  const alert = Object.assign(new Error("alert"), { code: "ERR_SSL_TLSV1_ALERT_UNKNOWN_CA" });
  const settings = { localCertificate: server };
  expect(refusalCheck({ ...settings, role: "client" })(alert)).toMatchObject({
    name: "PeerRefusedCertificate",
  });
  expect(refusalCheck({ ...settings, role: "server" })(alert)).toBeUndefined();
});

function chosenBy({ option }: CurrentTLS): TLSOptions | Promise<TLSOptions> | false {
  return option === false ? false : option(undefined);
}

test("the options of a server are replaced by others, or by a function", async () => {
  const first = {};
  const current = new CurrentTLS(first);
  const chosen = () => chosenBy(current);
  expect(chosen()).toBe(first);
  const second = { localCertificate: server };
  current.set(second);
  expect(chosen()).toBe(second);
  current.set(async () => first);
  expect(await chosen()).toBe(first);
});

test("the options of a server that does not start TLS cannot be replaced", () => {
  const current = new CurrentTLS(false);
  expect(current.option).toBe(false);
  expect(() => current.set({})).toThrow(TLSNotAvailable);
});

test.each([null, undefined, "options", 5])("setTLS refuses %j in place of the options", (tls) => {
  // A JavaScript program may pass it.
  expect(() => new CurrentTLS().set(tls as unknown as TLSOptions)).toThrow(
    new TypeError("setTLS: the options must be an object or a function"),
  );
});

test("setTLS checks the options, and keeps those of before if they are invalid", () => {
  const first = { localCertificate: server };
  const current = new CurrentTLS(first);
  expect(() => current.set({ verifyAuthorities: [] })).toThrow(InvalidCertificate);
  expect(() => current.set({ serverName: "calc.example", verifyAuthorities: [authority] })).toThrow(
    /this end is the TLS server/,
  );
  expect(chosenBy(current)).toBe(first);
});
