/** TLS versions, renegotiation and resumption: cases 18 and 27 of the upgrade. */
import { once } from "node:events";
import { setTimeout as delay } from "node:timers/promises";
import { connect, createServer, type SecureVersion, type TLSSocket } from "node:tls";
import { expect, test } from "vitest";
import { HandshakeError } from "../../../src/core/errors/tls.ts";
import { upgrade } from "../../../src/node/tls/upgrade.ts";
import { testCertificates } from "../../support/certificates.ts";
import { ending, failure, receive, securePair, socketPair, upgradeBoth } from "./streams.ts";

const { authority, server, client } = await testCertificates();
const verifyAuthorities = [authority];
const identity = {
  cert: server.toPEM(),
  key: server.privateKey.export({ type: "pkcs8", format: "pem" }),
};
/** Options for versions before TLS 1.2. OpenSSL disables these and their ciphers by default. */
const old = (version: SecureVersion) => ({
  minVersion: version,
  maxVersion: version,
  ciphers: "ALL:@SECLEVEL=0",
});

test.each(["TLSv1", "TLSv1.1"] as const)("a server refuses %s", async (version) => {
  const [clientStream, serverStream] = await socketPair();
  const ended = upgrade(serverStream, { role: "server", localCertificate: server });
  const old_ = connect({ socket: clientStream, rejectUnauthorized: false, ...old(version) });
  old_.on("error", () => {});
  const error = await ended.catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(HandshakeError);
  expect(String(error)).toMatch(/no accepted version of TLS \(1.2 or newer\)/);
});

test.each(["TLSv1", "TLSv1.1"] as const)("a client refuses %s", async (version) => {
  const [clientStream, serverStream] = await socketPair();
  createServer({ ...identity, ...old(version) })
    .on("tlsClientError", () => {})
    .emit("connection", serverStream);
  const error = await upgrade(clientStream, { role: "client" }).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(HandshakeError);
  expect(String(error)).toMatch(/protocol version/);
});

test("ends without a common TLS version get an error that says so", async () => {
  const both = await upgradeBoth(await socketPair(), { maxVersion: "TLSv1.2" }, { minVersion: "TLSv1.3" });
  expect(String(failure(both.client))).toMatch(/the peer ended the TLS handshake: protocol version/);
  expect(String(failure(both.server))).toMatch(/no accepted version of TLS/);
});

test("a client does not renegotiate when its server asks for it", async () => {
  const [clientStream, serverStream] = await socketPair();
  const theirs = createServer({ ...identity, maxVersion: "TLSv1.2" });
  theirs.emit("connection", serverStream);
  const [ours, [peer]] = await Promise.all([
    upgrade(clientStream, { role: "client" }),
    once(theirs, "secureConnection") as Promise<[TLSSocket]>, // the arguments of the event
  ]);
  peer.on("error", () => {});
  let done = false;
  peer.renegotiate({}, (error) => {
    done = error === null;
  });
  ours.on("data", () => {});
  ours.resume();
  ours.write("after");
  expect(await receive(peer, 5)).toBe("after");
  await delay(50);
  expect(done).toBe(false);
  peer.destroy();
  ours.destroy();
});

test("a server does not renegotiate when its client begins it", async () => {
  const [clientStream, serverStream] = await socketPair();
  const theirs = connect({ socket: clientStream, rejectUnauthorized: false, maxVersion: "TLSv1.2" });
  const [ours] = await Promise.all([
    upgrade(serverStream, { role: "server", localCertificate: server }),
    once(theirs, "secureConnect"),
  ]);
  theirs.on("error", () => {});
  theirs.renegotiate({ rejectUnauthorized: false }, () => {});
  expect(await ending(ours)).toMatchObject({ code: "ERR_TLS_RENEGOTIATION_DISABLED" });
  expect(ours.destroyed).toBe(true);
  theirs.destroy();
});

test.each(["TLSv1.2", "TLSv1.3"] as const)(
  "a TLS server does not resume a session, %s",
  async (maxVersion) => {
    const localCertificate = server;
    let session: Buffer | undefined;
    const resumed: boolean[] = [];
    for (let round = 0; round < 3; round++) {
      const [clientStream, serverStream] = await socketPair();
      const theirs = connect({
        socket: clientStream,
        rejectUnauthorized: false,
        maxVersion,
        cert: client.toPEM(),
        key: client.privateKey.export({ type: "pkcs8", format: "pem" }),
        ...(session === undefined ? {} : { session }),
      });
      theirs.on("session", (offered) => {
        session = offered;
      });
      const ours = await upgrade(serverStream, { role: "server", localCertificate, verifyAuthorities });
      ours.write("hello");
      await receive(theirs, 5);
      session ??= theirs.getSession();
      resumed.push(theirs.isSessionReused(), ours.isSessionReused());
      theirs.destroy();
      ours.destroy();
    }
    expect(session).toBeDefined();
    expect(resumed).toEqual(Array.from(resumed, () => false));
  },
);

test("a client does not offer a session of an earlier connection", async () => {
  const theirs = createServer({ ...identity });
  for (let round = 0; round < 2; round++) {
    const [clientStream, serverStream] = await socketPair();
    const accepted = once(theirs, "secureConnection") as Promise<[TLSSocket]>; // the arguments of the event
    theirs.emit("connection", serverStream);
    const ours = await upgrade(clientStream, { role: "client", verifyAuthorities });
    const [peer] = await accepted;
    peer.write("hello");
    await receive(ours, 5);
    expect([ours.isSessionReused(), peer.isSessionReused()]).toEqual([false, false]);
    ours.destroy();
    peer.destroy();
  }
});

test.each([
  ["a host name", "calc.example", "calc.example"],
  ["an address", "127.0.0.1", false],
  ["nothing", undefined, false],
])("with %s as serverName, the client sends the expected SNI", async (_, serverName, told) => {
  const [ours, theirs] = await securePair({ verifyAuthorities, serverName }, { localCertificate: server });
  expect(Reflect.get(theirs, "servername")).toBe(told);
  ours.destroy();
  theirs.destroy();
});
