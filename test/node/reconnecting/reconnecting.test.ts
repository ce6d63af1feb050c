import { createServer, type Socket } from "node:net";
import {
  Box,
  CallTimeout,
  ConnectionLost,
  command,
  encodeBox,
  InvalidCertificate,
  locator,
  PeerVerifyError,
  parseBoxes,
  StartTLSRefused,
  TLSRequired,
  unicode,
} from "ampwire";
import {
  connect,
  type ListenOptions,
  listen,
  type NodeConnection,
  type ReconnectingClient,
  type ReconnectingOptions,
  reconnecting,
  type Server,
} from "ampwire/node";
import { manualClock } from "ampwire/testing";
import { describe, expect, it, onTestFinished } from "vitest";
import { reconnectingContract } from "../../contracts/reconnecting.ts";
import { testCertificates } from "../../support/certificates.ts";
import { breakAll } from "../../support/reconnecting/carrier.ts";
import { Add, add, HangSafely } from "../../support/reconnecting/commands.ts";
import { type Kept, kept } from "../../support/reconnecting/kept.ts";
import { ended, rejection } from "../../support/settled.ts";
import { unixPlace } from "../../support/unix-place.ts";

async function serve(path: string, options: ListenOptions = {}): Promise<Server> {
  const server = await listen({ locator: locator(add), ...options, path });
  onTestFinished(() => server.destroy());
  return server;
}

function keep(options: ReconnectingOptions): Kept<NodeConnection> {
  return kept((behaviour) => reconnecting({ ...options, ...behaviour }), options);
}

it("a call without a timeout has that of the connection, if the program opens the connections itself", async () => {
  const path = unixPlace();
  await serve(path, { locator: locator(HangSafely.responder(() => new Promise<never>(() => {}))) });
  const clock = manualClock();
  const { client, become } = keep({
    open: (signal) => connect({ path, signal, clock, callTimeout: 50 }),
  });
  const waiting = rejection(client.callRemote(HangSafely));
  await become("connected");
  const ready = rejection(client.callRemote(HangSafely));
  const unbounded = rejection(client.callRemote(HangSafely, {}, { timeout: Number.POSITIVE_INFINITY }));
  clock.advance(50);
  expect(await waiting).toBeInstanceOf(CallTimeout);
  expect(await ready).toBeInstanceOf(CallTimeout);
  client.destroy();
  expect(await unbounded).toBeInstanceOf(ConnectionLost);
});

reconnectingContract<NodeConnection>({
  reconnecting,
  place() {
    const path = unixPlace();
    return {
      serve: (...responders) => serve(path, { locator: locator(...responders) }),
      connect: (signal) => connect({ path, signal }),
      reconnecting: (options) => reconnecting({ ...options, path }),
    };
  },
});

describe("startTLS", () => {
  it("startTLS is done on every connection before any call is sent", async () => {
    const { authority, server: localCertificate } = await testCertificates();
    const path = unixPlace();
    const secure: boolean[] = [];
    const Who = command("Who");
    const who = Who.responder((_, { connection }) => void secure.push(connection.secure));
    const server = await serve(path, { tls: { localCertificate }, locator: locator(who) });
    const { client, clock, become } = keep({ path, startTLS: { verifyAuthorities: [authority] } });
    await client.callRemote(Who);
    expect(client.connection?.peerCertificate?.commonName).toBe("calc.example");
    const waiting = become("waiting");
    breakAll(server);
    await waiting;
    const again = client.callRemote(Who);
    clock.advance(100);
    await again;
    expect(secure).toEqual([true, true]);
  });

  it("calls stay queued when the peer refuses StartTLS or disconnects during the handshake", async () => {
    const path = unixPlace();
    const heard: Buffer[] = [];
    const sockets: Socket[] = [];
    const server = createServer((socket) => {
      sockets.push(socket);
      socket.on("error", () => {});
      socket.on("data", (bytes) => {
        heard.push(bytes);
        if (sockets.length === 2) return void socket.destroy();
        socket.write(encodeBox(new Box({ _error: "1", _error_code: "NO", _error_description: "no" })));
      });
      socket.on("end", () => socket.end());
    });
    await new Promise<void>((listening) => server.listen(path, listening));
    onTestFinished(() => {
      server.close();
      for (const socket of sockets) socket.destroy();
    });
    const { client, clock, become } = keep({ path, startTLS: {} });
    const call = rejection(client.callRemote(Add, { a: 1, b: 1 }));
    const first = await become("waiting");
    expect(first.error).toBeInstanceOf(StartTLSRefused);
    clock.advance(first.delay ?? 0);
    const second = await become("waiting");
    expect(second.error).toBeInstanceOf(ConnectionLost);
    client.destroy();
    await call;
    const asked = parseBoxes(Buffer.concat(heard)).map((box) => box.text("_command"));
    expect(asked).toEqual(["StartTLS", "StartTLS"]);
  });

  it("isFatalError can close the client when the peer is not trusted", async () => {
    const { otherAuthority, server: localCertificate } = await testCertificates();
    const path = unixPlace();
    await serve(path, { tls: { localCertificate } });
    const { client } = keep({
      path,
      startTLS: { verifyAuthorities: [otherAuthority] },
      isFatalError: (error) => error instanceof PeerVerifyError,
    });
    expect(await rejection(client.callRemote(Add, { a: 1, b: 1 }))).toBeInstanceOf(PeerVerifyError);
  });

  it("the option tls holds for startTLS, which may override it", async () => {
    const { authority, otherAuthority, server: localCertificate } = await testCertificates();
    const path = unixPlace();
    await serve(path, { tls: { localCertificate } });
    const own = { path, tls: { verifyAuthorities: [otherAuthority] } };
    const startTLS = { serverName: "calc.example" };
    expect((await keep({ ...own, startTLS }).become("waiting")).error).toBeInstanceOf(PeerVerifyError);
    const { client } = keep({ ...own, startTLS: { ...startTLS, verifyAuthorities: [authority] } });
    await client.callRemote(Add, { a: 1, b: 1 });
    expect(client.connection?.tls?.verified).toBe(true);
  });

  it("the options of startTLS are checked before anything is opened", () => {
    expect(() => reconnecting({ path: unixPlace(), startTLS: { serverName: "calc.example" } })).toThrow(
      /serverName needs verifyAuthorities/,
    );
    expect(() => reconnecting({ path: unixPlace(), startTLS: { verifyAuthorities: [] } })).toThrow(
      InvalidCertificate,
    );
    expect(() => reconnecting({ path: unixPlace(), limits: { maxBoxBytes: -1 } })).toThrow(RangeError);
    expect(() => reconnecting({ path: unixPlace(), heartbeat: { interval: 0 } })).toThrow(RangeError);
    expect(() => reconnecting({ path: unixPlace(), backoff: { initial: -1 } })).toThrow(RangeError);
  });

  it.each<[string, Partial<ReconnectingOptions>]>([
    ["callTimeout", { callTimeout: Number.NaN }],
    ["setupTimeout", { setupTimeout: -1 }],
    ["maxAttempts", { maxAttempts: 0 }],
    ["maxAttempts", { maxAttempts: 1.5 }],
    ["maxCalls", { queue: { maxCalls: Number.NaN } }],
    ["maxBytes", { queue: { maxBytes: -1 } }],
  ])("reconnecting rejects an invalid %s", (name, wrong) => {
    expect(() => reconnecting({ path: unixPlace(), ...wrong })).toThrow(
      expect.objectContaining({ name: "RangeError", message: expect.stringContaining(name) }),
    );
  });

  it("startTLS satisfies a command that requires TLS", async () => {
    const path = unixPlace();
    await serve(path);
    const { client } = keep({ path });
    const Secret = command("Secret", { requireTLS: true });
    expect(await rejection(client.callRemote(Secret))).toBeInstanceOf(TLSRequired);
  });
});

describe("ref() and unref()", () => {
  it("the connections of a client are referenced unless unref() was called, also those that are opened later", async () => {
    const path = unixPlace();
    const server = await serve(path);
    const referenced: boolean[] = [];
    const { client, clock, become } = keep({
      open: async (signal) => {
        const connection = await connect({ path, signal });
        let isReferenced = true;
        const { ref, unref } = connection;
        connection.ref = () => {
          isReferenced = true;
          return ref.call(connection);
        };
        connection.unref = () => {
          isReferenced = false;
          return unref.call(connection);
        };
        look = () => isReferenced;
        return connection;
      },
      onConnection: () => void referenced.push(look()),
    });
    let look = () => true;
    await client.callRemote(Add, { a: 1, b: 1 });
    const replace = async () => {
      const waiting = become("waiting");
      breakAll(server);
      clock.advance((await waiting).delay ?? 0);
      await client.callRemote(Add, { a: 1, b: 1 });
    };
    const node = client as ReconnectingClient;
    expect(node.unref()).toBe(node);
    expect(look()).toBe(false);
    await replace();
    expect(node.ref()).toBe(node);
    expect(look()).toBe(true);
    await replace();
    expect(referenced).toEqual([true, false, true]);
  });
});

describe("onConnection", () => {
  it("onConnection runs inside TLS", async () => {
    const { server: localCertificate } = await testCertificates();
    const Login = command("Login", { arguments: { name: unicode() } });
    const Whoami = command("Whoami", { response: { name: unicode() } });
    const path = unixPlace();
    const server = await serve(path, {
      tls: { localCertificate },
      requireTLS: true,
      locator: locator(
        Login.responder(async ({ name }, { state }) => {
          await new Promise(setImmediate);
          state.name = name;
        }),
        Whoami.responder((_, { state }) => ({ name: String(state.name) })),
      ),
    });
    const { client, clock, become } = keep({
      path,
      startTLS: {},
      onConnection: async (connection) => {
        await connection.callRemote(Login, { name: "alice" });
      },
    });
    expect(await client.callRemote(Whoami)).toEqual({ name: "alice" });
    const waiting = become("waiting");
    breakAll(server);
    await waiting;
    const again = client.callRemote(Whoami);
    clock.advance(100);
    expect(await again).toEqual({ name: "alice" });
  });
});

describe("an invalid address", () => {
  it.each<[string, ReconnectingOptions]>([
    ["a port over 65535", { port: 70_000 }],
    ["an empty address", {} as ReconnectingOptions],
    ["descriptors over TCP", { port: 1, descriptors: true }],
  ])("an address that Node rejects closes the client: %s", async (_, options) => {
    const { client, changes } = keep(options);
    const error = await rejection(client.callRemote(Add, { a: 1, b: 1 }));
    expect(await ended(client)).toBe(error.cause);
    expect(changes.map(({ state }) => state)).toEqual(["connecting", "closed"]);
  });
});
