/** `proxyProtocol` of listen and connect: headers before AMP, StartTLS and TLS from the first byte. */
import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { connect as connectSocket, type Socket } from "node:net";
import { Duplex } from "node:stream";
import { connect as connectTLS } from "node:tls";
import { command, DescriptorsNotAvailable, locator, TLSRequired } from "ampwire";
import {
  type ConnectOptions,
  connect,
  InvalidProxyHeader,
  type ListenOptions,
  listen,
  type NodeConnection,
  reconnecting,
} from "ampwire/node";
import { manualClock } from "ampwire/testing";
import { describe, expect, onTestFinished, test } from "vitest";
import { testCertificates } from "../../support/certificates.ts";
import { rawClient, tidy } from "../../support/loopback.ts";
import { FOR_A_CLIENT, header, tlv } from "../../support/proxy-header.ts";
import { bytesOf, RawPeer, RawTLS } from "../../support/raw-peer.ts";
import { rejection } from "../../support/settled.ts";
import { unixPlace } from "../../support/unix-place.ts";
import { until } from "../../support/within.ts";

const HOST = "127.0.0.1";
const LOOPBACK = { from: [HOST] };
const Ping = command("Ping");
const ASK = { _ask: "1", _command: "Ping" };
const ANSWER = { _answer: "1" };
const CLIENT = { address: "203.0.113.7", port: 4000, family: "IPv4" } as const;
const ENTRANCE = { address: "198.51.100.1", port: 443, family: "IPv4" } as const;
const VERSION_1 = Buffer.from("PROXY TCP4 203.0.113.7 198.51.100.1 4000 443\r\n");

async function proxiedServer(options: Partial<ListenOptions> = {}) {
  const errors: Error[] = [];
  const accepted: NodeConnection[] = [];
  const server = await listen({
    host: HOST,
    port: 0,
    proxyProtocol: LOOPBACK,
    locator: locator(Ping.responder(() => {})),
    onError: (error) => void errors.push(error as Error),
    onConnection: (connection) => {
      tidy(connection);
      accepted.push(connection);
    },
    ...options,
  });
  onTestFinished(() => server.destroy());
  const { port } = server.address() as { port: number };
  return { server, port, errors, accepted };
}

async function rawPeer(port: number): Promise<RawPeer> {
  return new RawPeer(await rawClient(port));
}

async function proxiedClient(port: number, options: Partial<ConnectOptions> = {}): Promise<NodeConnection> {
  const proxyProtocol = { source: CLIENT, destination: ENTRANCE };
  const connection = await connect({ host: HOST, port, proxyProtocol, ...options } as ConnectOptions);
  tidy(connection);
  return connection;
}

describe.each([
  ["version 1", VERSION_1],
  ["version 2", FOR_A_CLIENT],
])("a header of %s", (name, bytes) => {
  test("a connection behind a balancer has the addresses of the client, and the balancer is known", async () => {
    const { port, accepted, errors } = await proxiedServer();
    const peer = await rawPeer(port);
    peer.send(bytes, ASK);
    expect(await peer.box()).toEqual(ANSWER);
    const [connection] = accepted;
    expect(connection?.remoteAddress).toEqual(CLIENT);
    expect(connection?.localAddress).toEqual(ENTRANCE);
    expect(connection?.proxy).toMatchObject({
      version: name === "version 1" ? 1 : 2,
      command: "PROXY",
      balancer: { address: HOST, family: "IPv4", port: peer.socket.localPort },
    });
    expect(errors).toEqual([]);
    connection?.destroy();
    expect(connection?.remoteAddress).toEqual(CLIENT);
  });

  test("the header and the first box are read, wherever they are cut", async () => {
    const { port } = await proxiedServer();
    const whole = bytesOf(bytes, ASK, { ...ASK, _ask: "2" });
    for (const cut of [1, 5, 12, 15, 16, bytes.length - 1, bytes.length, bytes.length + 1, whole.length]) {
      const peer = await rawPeer(port);
      peer.send(whole.subarray(0, cut));
      await new Promise(setImmediate);
      peer.send(whole.subarray(cut));
      expect([await peer.box(), await peer.box()]).toEqual([ANSWER, { _answer: "2" }]);
      peer.reset();
    }
  });

  test("the header and a box that come byte by byte are read", async () => {
    const { port } = await proxiedServer();
    const peer = await rawPeer(port);
    for (const byte of bytesOf(bytes, ASK)) {
      peer.send(Uint8Array.of(byte));
      await new Promise(setImmediate);
    }
    expect(await peer.box()).toEqual(ANSWER);
  });

  test("a client that ends its side right after its ask is answered", async () => {
    const { port } = await proxiedServer({ finishHalfClosed: true });
    const peer = await rawPeer(port);
    peer.send(bytes, ASK);
    peer.finish();
    expect(await peer.boxes()).toEqual([ANSWER]);
  });
});

test("many boxes in the segment of the header are all answered, in order", async () => {
  const { port } = await proxiedServer();
  const peer = await rawPeer(port);
  const asks = Array.from({ length: 5_000 }, (_, i) => ({ ...ASK, _ask: i.toString(16) }));
  peer.send(FOR_A_CLIENT, ...asks);
  for (const { _ask } of asks) expect(await peer.box()).toEqual({ _answer: _ask });
});

test.each([
  ["LOCAL", header(0x20, 0, new Uint8Array(0))],
  ["an unknown protocol of version 2", header(0x21, 0, new Uint8Array(0))],
  ["UNKNOWN of version 1", Buffer.from("PROXY UNKNOWN\r\n")],
])("%s leaves the connection the addresses of its socket", async (_, bytes) => {
  const { port, accepted } = await proxiedServer();
  const peer = await rawPeer(port);
  peer.send(bytes, ASK);
  expect(await peer.box()).toEqual(ANSWER);
  const socket = { address: HOST, port: peer.socket.localPort, family: "IPv4" };
  expect(accepted[0]?.remoteAddress).toEqual(socket);
  expect(accepted[0]?.localAddress).toEqual({ ...socket, port });
  expect(accepted[0]?.proxy?.balancer).toEqual(socket);
});

test("a connection of a server without proxyProtocol has no header, and a header there is not AMP", async () => {
  const { port, accepted, errors } = await proxiedServer({ proxyProtocol: undefined });
  const peer = await rawPeer(port);
  peer.send(ASK);
  await peer.box();
  expect(accepted[0]?.proxy).toBeUndefined();
  const proxied = await rawPeer(port);
  proxied.send(FOR_A_CLIENT, ASK);
  await proxied.end();
  expect(proxied.received.length).toBe(0);
  const reason = await accepted[1]?.closed;
  expect(reason?.message).toContain("0d 0a");
  expect(errors).toEqual([reason]);
});

describe("TLS", () => {
  test("StartTLS follows the PROXY header, verified on both ends", async () => {
    const { authority, server: localCertificate, client } = await testCertificates();
    const tls = { localCertificate, verifyAuthorities: [authority] };
    const { port, accepted } = await proxiedServer({ tls, requireTLS: "verified" });
    const connection = await proxiedClient(port, {
      tls: { localCertificate: client, verifyAuthorities: [authority], serverName: "calc.example" },
    });
    await connection.startTLS();
    await expect(connection.callRemote(Ping)).resolves.toEqual({});
    expect(accepted[0]?.tls?.verified).toBe(true);
    expect(accepted[0]?.remoteAddress).toEqual(CLIENT);
  });

  test("TLS from the first byte follows the PROXY header", async () => {
    const { authority, server: localCertificate } = await testCertificates();
    const { port, accepted } = await proxiedServer({ tls: { localCertificate }, implicitTLS: true });
    const tls = { verifyAuthorities: [authority], serverName: "calc.example" };
    const connection = await proxiedClient(port, { tls, implicitTLS: true });
    await expect(connection.callRemote(Ping)).resolves.toEqual({});
    expect(accepted[0]?.remoteAddress).toEqual(CLIENT);
    expect(accepted[0]?.proxy?.command).toBe("PROXY");
  });

  test("a ClientHello in the segment of the header is read, wherever it is cut", async () => {
    const { server: localCertificate } = await testCertificates();
    const { port } = await proxiedServer({ tls: { localCertificate }, implicitTLS: true });
    for (const cut of [3, FOR_A_CLIENT.length, FOR_A_CLIENT.length + 2, 1000]) {
      const socket = await rawClient(port);
      const tls = connectTLS({ socket: withHeader(socket, FOR_A_CLIENT, cut), rejectUnauthorized: false });
      await once(tls, "secureConnect");
      const peer = new RawTLS(tls);
      peer.send(ASK);
      expect(await peer.box()).toEqual(ANSWER);
      socket.destroy();
    }
  });

  test("the TLS session of a balancer is reported, and does not satisfy requireTLS", async () => {
    const { port, accepted } = await proxiedServer({ requireTLS: true });
    const ssl = Uint8Array.of(0x03, 0, 0, 0, 0, ...tlv(0x21, "TLSv1.3"), ...tlv(0x22, "ann"));
    const addresses = FOR_A_CLIENT.subarray(16);
    const peer = await rawPeer(port);
    peer.send(header(0x21, 0x11, Uint8Array.of(...addresses, ...tlv(0x20, ssl))), ASK);
    expect(await peer.box()).toMatchObject({ _error: "1", _error_code: new TLSRequired("").code });
    expect(accepted[0]?.proxy?.tls).toMatchObject({ protocol: "TLSv1.3", commonName: "ann", verified: true });
    expect([accepted[0]?.secure, accepted[0]?.tls, accepted[0]?.peerCertificate]).toEqual([
      false,
      undefined,
      undefined,
    ]);
  });
});

/** A stream on the socket that sends the header together with the first bytes that TLS writes, cut into two writes. */
function withHeader(socket: Socket, first: Uint8Array, cut: number): Duplex {
  let before = first;
  const stream = new Duplex({
    read: () => void socket.resume(),
    write(chunk, _, done) {
      const bytes = Buffer.concat([before, chunk]);
      before = new Uint8Array(0);
      socket.write(bytes.subarray(0, cut));
      setImmediate(() => socket.write(bytes.subarray(cut), done));
    },
  });
  socket.on("data", (chunk) => void stream.push(chunk));
  return stream;
}

describe("a connection is refused", () => {
  test.each([
    ["AMP without a header", bytesOf(ASK)],
    ["HTTP", Buffer.from("GET / HTTP/1.1\r\n\r\n")],
    ["a TLS ClientHello", Buffer.from("16030100", "hex")],
    ["an invalid address", Buffer.from("PROXY TCP4 1.2.3.256 1.1.1.1 1 1\r\n")],
    ["a line without an end", Buffer.alloc(200, "PROXY UNKNOWN x")],
    ["an unknown version", header(0x31, 0x11, new Uint8Array(12))],
    ["a length over the limit", header(0x20, 0, new Uint8Array(5000)).subarray(0, 16)],
  ])("a connection that begins with %s is refused at once, without an answer", async (_, bytes) => {
    // A manual clock: the deadline does not end the connection.
    const { port, errors, accepted } = await proxiedServer({ clock: manualClock() });
    const peer = await rawPeer(port);
    peer.send(bytes);
    await peer.closed;
    expect(peer.received.length).toBe(0);
    expect(accepted).toEqual([]);
    expect(errors).toHaveLength(1);
    expect(errors[0]).toBeInstanceOf(InvalidProxyHeader);
    expect(errors[0]).toMatchObject({ code: "INVALID_PROXY_HEADER" });
    expect(errors[0]?.message).toContain(`the connection from ${HOST} port `);
  });

  test("a connection whose header is not complete is refused at the deadline, however slowly the header comes", async () => {
    const clock = manualClock();
    const { port, errors } = await proxiedServer({ clock, proxyProtocol: { from: [HOST], timeout: 3000 } });
    const peers = [await rawPeer(port), await rawPeer(port)];
    const slow = peers[1] as RawPeer;
    await until(() => clock.pending >= 2);
    clock.advance(2999);
    slow.send(FOR_A_CLIENT.subarray(0, 20));
    await new Promise(setImmediate);
    expect(peers.map(({ ended }) => ended)).toEqual([false, false]);
    clock.advance(1);
    await Promise.all(peers.map(({ closed }) => closed));
    expect(errors.map(({ message }) => message)).toEqual(
      Array(2).fill(expect.stringContaining("its PROXY header was not complete after 3000 ms")),
    );
    expect(clock.pending).toBe(0);
  });

  test("a connection from an address that is not in the list is refused before a byte is read", async () => {
    const { port, errors, accepted } = await proxiedServer({ proxyProtocol: { from: ["127.0.0.2"] } });
    const peer = await rawPeer(port);
    await peer.closed;
    expect(errors[0]?.message).toMatch(
      /^the connection from 127\.0\.0\.1 port \d+ was refused: the address is not in proxyProtocol\.from$/,
    );
    expect(accepted).toEqual([]);
  });

  test("a connection that ends within its header is reported, and one that ends before it is not", async () => {
    const { port, errors } = await proxiedServer();
    const [part, none, reset] = [await rawPeer(port), await rawPeer(port), await rawPeer(port)];
    none.finish();
    reset.reset();
    await none.closed;
    part.send(FOR_A_CLIENT.subarray(0, 20));
    part.finish();
    await part.closed;
    expect(errors.map(({ message }) => message)).toEqual([
      expect.stringContaining("it ended within its PROXY header"),
    ]);
  });

  test("a health check that resets its connection before it is accepted is not reported", async () => {
    const { port, errors } = await proxiedServer();
    // A process of its own, because this one must not accept the connections before they are reset.
    const reset = `const socket = require("net").connect(${port}, "${HOST}", () => socket.resetAndDestroy())`;
    for (let i = 0; i < 2; i++) spawnSync(process.execPath, ["-e", reset]);
    const peer = await rawPeer(port); // accepted after the others
    peer.socket.write(VERSION_1);
    peer.send(ASK);
    expect(await peer.box()).toEqual(ANSWER);
    expect(errors).toEqual([]);
  });

  test("refused connections are reported 20 times a second at most, with the number of the others", async () => {
    const clock = manualClock();
    const { port, errors } = await proxiedServer({ clock });
    for (let i = 0; i < 50; i++) {
      const peer = await rawPeer(port);
      peer.send(Buffer.from("GET"));
      await peer.closed;
    }
    expect(errors).toHaveLength(20);
    clock.advance(1000);
    expect(errors).toHaveLength(21);
    expect(errors[20]?.message).toContain("30 more connections were refused");
  });
});

test("sockets without a complete header count in maxConnections, and end with the server", async () => {
  const { port, server, errors } = await proxiedServer({ maxConnections: 1 });
  const first = await rawPeer(port);
  first.send(FOR_A_CLIENT.subarray(0, 20));
  const second = await rawPeer(port);
  await second.closed;
  expect(first.ended).toBe(false);
  await server.close();
  await first.closed;
  expect(errors).toEqual([]);
});

describe("the list of balancers", () => {
  test.each([
    ["an address", "127.0.0.1"],
    ["a network", "127.0.0.0/8"],
    ["a network with an address inside it", "127.3.2.1/8"],
    ["all of IPv4", "0.0.0.0/0"],
    ["IPv4 in the notation of IPv6", "::ffff:127.0.0.0/104"],
  ])("the list of balancers may contain %s", async (_, entry) => {
    const { port } = await proxiedServer({ proxyProtocol: { from: ["2001:db8::/32", entry] } });
    await expect((await proxiedClient(port)).callRemote(Ping)).resolves.toEqual({});
  });

  test("an IPv4 network matches a client of a server that listens at IPv6 too", async () => {
    const { port } = await proxiedServer({ host: "::", proxyProtocol: { from: ["127.0.0.0/8"] } });
    await expect((await proxiedClient(port)).callRemote(Ping)).resolves.toEqual({});
  });

  test('"unix" trusts the processes that connect to the UNIX socket', async () => {
    const path = unixPlace();
    const accepted: NodeConnection[] = [];
    const server = await listen({
      path,
      proxyProtocol: { from: ["unix"] },
      locator: locator(Ping.responder(() => {})),
      onConnection: (connection) => void accepted.push(connection),
    });
    onTestFinished(() => server.destroy());
    const socket = connectSocket(path);
    await once(socket, "connect");
    const peer = new RawPeer(socket);
    peer.send(FOR_A_CLIENT, ASK);
    expect(await peer.box()).toEqual(ANSWER);
    expect(accepted[0]?.remoteAddress).toEqual(CLIENT);
    expect(accepted[0]?.proxy?.balancer).toBeUndefined();
    socket.destroy();
  });

  test.each([
    [{ from: [] }, "proxyProtocol.from must be a list"],
    [{}, "proxyProtocol.from must be a list"],
    [{ from: HOST }, "proxyProtocol.from must be a list"],
    [true, "the options must be an object"],
    [false, "the options must be an object"],
    ["", "the options must be an object"],
    [{ from: ["localhost"] }, '"localhost" must be an IP address'],
    [{ from: ["10.0.0.0/33"] }, '"10.0.0.0/33" must be an IP address'],
    [{ from: ["::/129"] }, '"::/129" must be'],
    [{ from: ["10.0.0.0/08"] }, '"10.0.0.0/08" must be'],
    [{ from: ["10.0.0.0/"] }, '"10.0.0.0/" must be'],
    [{ from: ["10.0.0.0/8/8"] }, '"10.0.0.0/8/8" must be'],
    [{ from: ["127.0.0.1:80"] }, '"127.0.0.1:80" must be'],
    [{ from: ["fe80::1%lo"] }, '"fe80::1%lo" must be'],
    [{ from: [7] }, "7 must be an IP address"],
    [{ from: [HOST], timeout: -1 }, "proxyProtocol.timeout must be"],
    [{ fromm: [HOST] }, 'proxyProtocol: unknown option "fromm" (did you mean "from"?)'],
  ])("listen refuses %j", async (proxyProtocol, message) => {
    const error = await rejection(listen({ host: HOST, port: 0, proxyProtocol: proxyProtocol as never }));
    expect(error.message).toContain(message);
  });

  test("listen refuses a UNIX socket without the entry unix, and descriptors", async () => {
    const path = unixPlace();
    const error = await rejection(listen({ path, proxyProtocol: LOOPBACK }));
    expect(error.message).toContain('proxyProtocol.from must contain "unix"');
    const proxyProtocol = { from: ["unix"] };
    await expect(listen({ path, proxyProtocol, descriptors: true })).rejects.toThrow(DescriptorsNotAvailable);
  });

  test("listen refuses a TCP port with the entry unix alone: it would refuse every connection", async () => {
    const error = await rejection(listen({ host: HOST, port: 0, proxyProtocol: { from: ["unix"] } }));
    expect(error.message).toContain("proxyProtocol.from must contain the IP address of a balancer");
  });
});

describe("connect", () => {
  test("connect sends the header of a health check for {}, in version 1 too", async () => {
    const { port, accepted } = await proxiedServer();
    for (const version of [1, 2] as const)
      await expect(
        (await proxiedClient(port, { proxyProtocol: { version } })).callRemote(Ping),
      ).resolves.toEqual({});
    expect(accepted[0]?.remoteAddress).toEqual(accepted[0]?.proxy?.balancer);
    expect(accepted.map(({ proxy }) => [proxy?.version, proxy?.command])).toEqual([
      [1, "PROXY"],
      [2, "LOCAL"],
    ]);
  });

  test("connect refuses invalid options of the header before a socket is opened", async () => {
    const proxyProtocol = { source: CLIENT };
    const error = await rejection(connect({ host: HOST, port: 1, proxyProtocol }));
    expect(error.message).toBe("proxyProtocol needs source and destination, or neither of them");
  });

  test("a reconnecting client sends the header on each of its connections", async () => {
    const { port, accepted } = await proxiedServer();
    const proxyProtocol = { source: CLIENT, destination: ENTRANCE };
    const client = reconnecting({ host: HOST, port, proxyProtocol, backoff: { initial: 0, max: 0 } });
    onTestFinished(() => client.destroy());
    await client.callRemote(Ping);
    accepted[0]?.destroy();
    await accepted[0]?.closed;
    await client.callRemote(Ping, {}, {}).catch(() => client.callRemote(Ping));
    expect(accepted.map(({ remoteAddress }) => remoteAddress)).toEqual([CLIENT, CLIENT]);
  });
});
