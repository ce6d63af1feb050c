/** One cause has one explanation: two TLS clients, StartTLS inside TLS, a refused client certificate. */
import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { command, HandshakeError, locator, OnlyOneTLS, PeerRefusedCertificate } from "ampwire";
import { connect, listen } from "ampwire/node";
import { expect, onTestFinished, test } from "vitest";
import { testCertificates } from "../../support/certificates.ts";
import { tidy } from "../../support/loopback.ts";
import { ended, rejection } from "../../support/settled.ts";

const HOST = "127.0.0.1";
const Who = command("Who");

/** A server that joins two clients. */
async function relay(): Promise<number> {
  const sockets: import("node:net").Socket[] = [];
  const server = createServer((socket) => {
    sockets.push(socket.on("error", () => {}));
    const [first, second] = sockets;
    if (first !== undefined && second !== undefined) {
      first.pipe(second);
      second.pipe(first);
    }
  });
  server.listen(0, HOST);
  await once(server, "listening");
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

test("two TLS clients over a relay are told to set role, at both ends", async () => {
  const port = await relay();
  const first = await connect({ host: HOST, port, onError() {} });
  const second = await connect({ host: HOST, port, onError() {} });
  const reason = 'both ends are TLS clients: set `role` to "server" at one end';
  const failure = await rejection(first.startTLS());
  expect(failure).toBeInstanceOf(HandshakeError);
  expect(failure.message).toContain(reason);
  expect((await ended(second)).message).toContain(reason);
});

test("two programs that connect to a relay start TLS if one of them has the role server", async () => {
  const port = await relay();
  const first = await connect({ host: HOST, port });
  tidy(first);
  const second = await connect({
    host: HOST,
    port,
    role: "server",
    locator: locator(Who.responder(() => {})),
  });
  tidy(second);
  await first.startTLS();
  await first.callRemote(Who);
  expect([first.secure, second.secure]).toEqual([true, true]);
});

test("an invalid role is refused", async () => {
  const role = "klient" as never; // a JavaScript program may pass it
  await expect(connect({ host: HOST, port: 1, role })).rejects.toThrow(
    'connect: role must be "client" or "server", not "klient"',
  );
});

test("startTLS() on a connection that uses TLS from its first byte rejects with OnlyOneTLS", async () => {
  const { server: localCertificate } = await testCertificates();
  const server = await listen({
    host: HOST,
    port: 0,
    implicitTLS: true,
    tls: { localCertificate },
    locator: locator(Who.responder(() => {})),
    onConnection: tidy,
  });
  onTestFinished(() => server.destroy());
  const client = await connect({ host: HOST, port: server.address().port, implicitTLS: true });
  tidy(client);
  await client.callRemote(Who); // the server's handshake is over too
  expect(await rejection(client.startTLS())).toBeInstanceOf(OnlyOneTLS);
});

test("a client certificate that the server refuses under TLS 1.3 rejects the calls made after startTLS()", async () => {
  const { authority, otherClient, server: localCertificate } = await testCertificates();
  const server = await listen({
    host: HOST,
    port: 0,
    tls: { localCertificate, verifyAuthorities: [authority] },
    onError() {},
  });
  onTestFinished(() => server.destroy());
  const client = await connect({ host: HOST, port: server.address().port, onError() {} });
  const upgrade = client.startTLS({
    localCertificate: otherClient,
    verifyAuthorities: [authority],
    minVersion: "TLSv1.3",
  });
  const call = rejection(client.callRemote(Who));
  await upgrade.catch(() => {}); // a client finishes its handshake before the server has checked it
  const error = await call;
  expect(error).toBeInstanceOf(PeerRefusedCertificate);
  expect(error.message).toMatch(/^Who: the peer refused this end's certificate/);
});
