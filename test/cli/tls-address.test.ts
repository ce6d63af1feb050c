/** `tls://` (TLS from the first byte) follows the same rules as StartTLS. */
import { once } from "node:events";
import { connect as connectSocket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { type ConnectionOptions, connect, type TLSSocket } from "node:tls";
import { command, InvalidCertificate, integer, locator } from "ampwire";
import { type ListenOptions, PrivateCertificate } from "ampwire/node";
import { describe, expect, onTestFinished, test } from "vitest";
import { parseAddress } from "../../src/cli/net/address.ts";
import { type Listening, listenAt } from "../../src/cli/net/listening.ts";
import { openConnection } from "../../src/cli/net/open.ts";
import { testCertificates } from "../support/certificates.ts";
import { netServers, noRoom } from "../support/net-servers.ts";
import { RawPeer } from "../support/raw-peer.ts";
import { rejection } from "../support/settled.ts";

const known = await testCertificates();
const Slow = command("Slow", { response: { n: integer() } });
const slow = locator(
  Slow.responder(async () => {
    await delay(20);
    return { n: 1 };
  }),
);

async function listening(options: ListenOptions = {}): Promise<Listening & { readonly port: number }> {
  const server = await listenAt(parseAddress("tls://127.0.0.1:0"), {
    tls: { localCertificate: known.server },
    locator: slow,
    ...options,
  });
  onTestFinished(() => server.close());
  return { ...server, port: Number(server.address.split(":").at(-1)) };
}

async function client(port: number, options: ConnectionOptions = {}): Promise<TLSSocket> {
  const socket = connect({ port, host: "127.0.0.1", rejectUnauthorized: false, ...options });
  onTestFinished(() => void socket.destroy());
  socket.on("error", () => {});
  await once(socket, "secureConnect");
  return socket;
}

describe("a server at tls://", () => {
  test("a server at tls:// answers a client that has ended its side", async () => {
    const { port } = await listening();
    const socket = await client(port);
    socket.allowHalfOpen = true;
    const peer = new RawPeer(socket);
    peer.send({ _ask: "1", _command: "Slow" });
    peer.finish();
    expect(await peer.boxes()).toEqual([{ _answer: "1", n: "1" }]);
  });

  test("a server at tls:// reports a client that it cannot accept, and continues", async () => {
    const servers = netServers();
    const errors: unknown[] = [];
    const { port } = await listening({ onError: (error) => void errors.push(error) });
    const error = noRoom();
    servers[0]?.emit("error", error);
    expect(errors).toEqual([error]);
    await client(port);
  });

  test("a server at tls:// does not resume sessions", async () => {
    const { port } = await listening();
    const version = { minVersion: "TLSv1.2", maxVersion: "TLSv1.2" } as const;
    const session = (await client(port, version)).getSession();
    expect(session).toBeDefined();
    expect((await client(port, { ...version, session })).isSessionReused()).toBe(false);
  });

  test("a server at tls:// does not renegotiate", async () => {
    const { port } = await listening();
    const socket = await client(port, { maxVersion: "TLSv1.2" });
    const renegotiated = new Promise((resolve) => {
      socket.renegotiate({}, (error) => resolve(error === null));
      socket.once("error", () => resolve(false));
      socket.once("close", () => resolve(false));
    });
    expect(await renegotiated).toBe(false);
  });

  test("a server at tls:// closes a connection whose handshake never begins", async () => {
    const { port, close } = await listening();
    const socket = connectSocket({ port, host: "127.0.0.1" });
    onTestFinished(() => void socket.destroy());
    socket.on("error", () => {});
    await once(socket, "connect");
    await client(port); // so the server has accepted the first connection
    const closed = once(socket, "close");
    socket.resume();
    await close();
    await closed;
  });
});

describe("a client of tls://", () => {
  test("a client converts an international name to its form in certificates", async () => {
    const hostNames = ["bücher.example"];
    const localCertificate = await PrivateCertificate.selfSigned({ commonName: "books", hostNames });
    const { address } = await listening({ tls: { localCertificate } });
    const connection = await openConnection(parseAddress(address), {
      tls: { verifyAuthorities: [localCertificate], serverName: "Bücher.example." },
    });
    expect(await connection.callRemote(Slow)).toEqual({ n: 1 });
    await connection.close();
  });

  test("a client rejects an invalid server name", async () => {
    const opening = openConnection(parseAddress("tls://127.0.0.1:1"), {
      tls: { verifyAuthorities: [known.authority], serverName: "calc.example/.evil.example" },
    });
    expect(await rejection(opening)).toBeInstanceOf(InvalidCertificate);
  });
});
