/** TLS from the first byte, with `implicitTLS` of connect, listen and reconnecting. */
import { once } from "node:events";
import { type AddressInfo, connect as connectSocket, createServer } from "node:net";
import { connect as connectTLS, createServer as createTLSServer } from "node:tls";
import {
  command,
  DescriptorsNotAvailable,
  HandshakeError,
  HandshakeTimeout,
  locator,
  OnlyOneTLS,
  PeerVerifyError,
} from "ampwire";
import { type ConnectOptions, connect, type ListenOptions, listen, reconnecting } from "ampwire/node";
import { manualClock } from "ampwire/testing";
import { expect, onTestFinished, test } from "vitest";
import { testCertificates } from "../support/certificates.ts";
import { tidy } from "../support/loopback.ts";
import { RawPeer } from "../support/raw-peer.ts";
import { rejection } from "../support/settled.ts";
import { until } from "../support/within.ts";

const HOST = "127.0.0.1";
const Who = command("Who");

async function secureServer(options: Partial<ListenOptions> = {}) {
  const { server: localCertificate } = await testCertificates();
  const errors: unknown[] = [];
  const server = await listen({
    host: HOST,
    port: 0,
    implicitTLS: true,
    requireTLS: true,
    tls: { localCertificate },
    locator: locator(Who.responder(() => {})),
    onError: (error) => void errors.push(error),
    onConnection: tidy,
    ...options,
  });
  onTestFinished(() => server.destroy());
  return { server, port: server.address().port, errors };
}

async function secureClient(port: number, options: Partial<ConnectOptions> = {}) {
  const { authority } = await testCertificates();
  const tls = { verifyAuthorities: [authority], serverName: "calc.example" };
  const client = await connect({
    host: HOST,
    port,
    implicitTLS: true,
    requireTLS: "verified",
    tls,
    ...options,
  });
  tidy(client);
  return client;
}

test("both ends speak TLS from the first byte, with verification, certificates and addresses", async () => {
  const { authority, client: localCertificate, server: serverCertificate } = await testCertificates();
  const { port, server } = await secureServer({
    requireTLS: "verified",
    tls: { localCertificate: serverCertificate, verifyAuthorities: [authority] },
  });
  const client = await secureClient(port, {
    tls: { localCertificate, verifyAuthorities: [authority], serverName: "calc.example" },
  });
  await expect(client.callRemote(Who)).resolves.toEqual({});
  const [accepted] = server.connections;
  expect([client.tls?.verified, accepted?.tls?.verified]).toEqual([true, true]);
  expect(client.peerCertificate?.toPEM()).toBe(serverCertificate.toPEM());
  expect(accepted?.peerCertificate?.toPEM()).toBe(localCertificate.toPEM());
  expect(client.hostCertificate).toBe(localCertificate);
  expect(client.remoteAddress).toEqual({ address: HOST, port, family: "IPv4" });
  expect(accepted?.remoteAddress).toEqual(client.localAddress);
  await client.close();
});

test("a plain TLS client and a plain TLS server understand the bytes", async () => {
  const { port } = await secureServer();
  const plain = connectTLS({ host: HOST, port, rejectUnauthorized: false });
  await once(plain, "secureConnect");
  const peer = new RawPeer(plain);
  peer.send({ _ask: "1", _command: "Who" });
  expect(await peer.box()).toEqual({ _answer: "1" });
  plain.destroy();

  const { server: certificate } = await testCertificates();
  const pem = certificate.toPEMWithKey();
  const other = createTLSServer({ cert: pem, key: pem });
  other.listen(0, HOST);
  await once(other, "listening");
  onTestFinished(() => void other.close());
  const accepted = once(other, "secureConnection");
  const client = await secureClient((other.address() as AddressInfo).port);
  const [socket] = await accepted;
  const call = client.callRemote(Who);
  const server = new RawPeer(socket);
  expect(await server.box()).toEqual({ _ask: "1", _command: "Who" });
  server.send({ _answer: "1" });
  await expect(call).resolves.toEqual({});
});

test("a server whose certificate is not trusted is refused, and reported to onError of the server", async () => {
  const { otherAuthority } = await testCertificates();
  const { port, errors } = await secureServer();
  const tls = { verifyAuthorities: [otherAuthority], serverName: "calc.example" };
  expect(await rejection(connect({ host: HOST, port, implicitTLS: true, tls }))).toBeInstanceOf(
    PeerVerifyError,
  );
  await until(() => errors.length > 0);
  expect(errors).toHaveLength(1);
});

test("a client without the certificate that the server requires is refused", async () => {
  const { authority, server: localCertificate } = await testCertificates();
  const { port, errors, server } = await secureServer({
    tls: { localCertificate, verifyAuthorities: [authority] },
  });
  const client = await secureClient(port).catch((error: unknown) => error);
  // Under TLS 1.3 the client receives the alert after its own handshake.
  const reason = client instanceof Error ? client : await (client as { closed: Promise<Error> }).closed;
  expect(reason).toMatchObject({ code: "PEER_REFUSED_CERTIFICATE" });
  await until(() => errors.length > 0);
  expect(errors[0]).toBeInstanceOf(PeerVerifyError);
  expect(server.connections.size).toBe(0);
});

test("startTLS() on a connection with implicit TLS rejects with OnlyOneTLS", async () => {
  const { port } = await secureServer();
  const client = await secureClient(port);
  expect(await rejection(client.startTLS())).toBeInstanceOf(OnlyOneTLS);
  await expect(client.callRemote(Who)).resolves.toEqual({});
});

test("a peer that speaks plaintext fails the handshake at either end, and the server continues", async () => {
  const { port, errors } = await secureServer();
  const plain = await connect({ host: HOST, port });
  tidy(plain);
  await rejection(plain.callRemote(Who));
  await until(() => errors.length > 0);
  expect(errors[0]).toBeInstanceOf(HandshakeError);
  const plaintext = await listen({ host: HOST, port: 0, onConnection: tidy });
  onTestFinished(() => plaintext.destroy());
  expect(await rejection(secureClient(plaintext.address().port))).toBeInstanceOf(HandshakeError);
  await expect((await secureClient(port)).callRemote(Who)).resolves.toEqual({});
});

test("a peer that never begins its handshake is dropped after handshakeTimeout at either end, and counts in maxConnections", async () => {
  const clock = manualClock();
  const silent = createServer().listen(0, HOST);
  await once(silent, "listening");
  onTestFinished(() => void silent.close());
  const attempt = rejection(secureClient((silent.address() as AddressInfo).port, { clock }));
  await once(silent, "connection");
  await new Promise(setImmediate);
  await until(() => clock.pending > 0);
  clock.advance(10_000);
  expect(await attempt).toBeInstanceOf(HandshakeTimeout);

  const own = manualClock();
  const { port, errors } = await secureServer({ clock: own, maxConnections: 1 });
  const socket = connectTLS({ host: HOST, port, rejectUnauthorized: false }).on("error", () => {});
  await once(socket, "secureConnect");
  const late = await rejection(secureClient(port));
  expect(late).toBeInstanceOf(Error);
  socket.destroy();
  let waiting = connectSocket({ host: HOST, port });
  waiting.on("error", () => {});
  while (own.pending === 0) {
    await new Promise(setImmediate);
    if (waiting.destroyed) waiting = connectSocket({ host: HOST, port }).on("error", () => {});
  }
  own.advance(10_000);
  await until(() => errors.length > 0);
  expect(errors[0]).toBeInstanceOf(HandshakeTimeout);
});

test("the signal of connect cancels the handshake", async () => {
  const silent = createServer().listen(0, HOST);
  await once(silent, "listening");
  onTestFinished(() => void silent.close());
  const abort = new AbortController();
  const attempt = rejection(secureClient((silent.address() as AddressInfo).port, { signal: abort.signal }));
  await once(silent, "connection");
  await new Promise(setImmediate);
  abort.abort(new Error("of the test"));
  expect((await attempt).message).toBe("of the test");
});

test("server.destroy() ends handshakes that are under way", async () => {
  const { port, server } = await secureServer();
  const socket = connectSocket({ host: HOST, port });
  await once(socket, "connect");
  await new Promise(setImmediate);
  server.destroy();
  await once(socket.resume(), "close");
});

test("reconnecting uses implicit TLS on every connection", async () => {
  const { authority } = await testCertificates();
  const { port } = await secureServer();
  const tls = { verifyAuthorities: [authority], serverName: "calc.example" };
  const client = reconnecting({ host: HOST, port, implicitTLS: true, tls, requireTLS: "verified" });
  onTestFinished(() => client.destroy());
  await expect(client.callRemote(Who)).resolves.toEqual({});
  expect(client.connection?.secure).toBe(true);
});

test.each([
  [{ implicitTLS: true, tls: false }, TypeError],
  [{ implicitTLS: { verifyAuthorities: [] } }, TypeError],
  [{ implicitTLS: true, descriptors: true, path: "/tmp/none" }, DescriptorsNotAvailable],
])("connect and listen refuse %o", async (options, kind) => {
  const address = "path" in options ? {} : { host: HOST, port: 0 };
  expect(await rejection(connect({ ...address, ...options } as never))).toBeInstanceOf(kind);
  expect(await rejection(listen({ ...address, ...options } as never))).toBeInstanceOf(kind);
});
