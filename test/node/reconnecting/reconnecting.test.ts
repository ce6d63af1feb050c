import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  Box,
  CallTimeout,
  ConnectFailed,
  ConnectionClosed,
  ConnectionLost,
  command,
  encodeBox,
  InvalidCertificate,
  InvalidSignature,
  integer,
  LimitExceeded,
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
  protocolSwitch,
  type ReconnectingChange,
  type ReconnectingClient,
  type ReconnectingOptions,
  type ReconnectingState,
  reconnecting,
  type Server,
} from "ampwire/node";
import { type ManualClock, manualClock } from "ampwire/testing";
import { describe, expect, it, onTestFinished } from "vitest";
import { testCertificates } from "../../support/certificates.ts";
import { deferred } from "../../support/deferred.ts";
import { rejection } from "../../support/settled.ts";

const Add = command("Add", { arguments: { a: integer(), b: integer() }, response: { total: integer() } });
const Note = command("Note", { arguments: { text: unicode() }, requiresAnswer: false });
const Hang = command("Hang");
const HangSafely = command("HangSafely", { idempotent: true, response: { run: integer() } });
const add = Add.responder(({ a, b }) => ({ total: a + b }));

/** A place where a server may be, or not. */
function place(): string {
  const folder = mkdtempSync(join(tmpdir(), "ampwire-reconnecting-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return join(folder, "socket");
}

async function serve(path: string, options: ListenOptions = {}): Promise<Server> {
  const server = await listen({ locator: locator(add), ...options, path });
  onTestFinished(() => server.destroy());
  return server;
}

interface Kept {
  readonly client: ReconnectingClient;
  readonly clock: ManualClock;
  readonly changes: ReconnectingChange[];
  /** Until the client is, or has just been, in this state. */
  become(state: ReconnectingState): Promise<ReconnectingChange>;
}

function keep(options: ReconnectingOptions): Kept {
  const clock = manualClock();
  const changes: ReconnectingChange[] = [];
  const listeners = new Set<(change: ReconnectingChange) => void>();
  const client = reconnecting({
    backoff: { jitter: () => 1 },
    ...options,
    clock,
    onStateChange: (change) => {
      changes.push(change);
      for (const listener of listeners) listener(change);
      options.onStateChange?.(change);
    },
  });
  onTestFinished(async () => {
    client.destroy();
    await client.closed;
    expect(client.state).toBe("closed");
    expect(client.waiting).toBe(0);
    await expect.poll(() => clock.pending).toBe(0);
  });
  const become = (state: ReconnectingState) =>
    new Promise<ReconnectingChange>((resolve) => {
      const listener = (change: ReconnectingChange) => {
        if (change.state !== state) return;
        listeners.delete(listener);
        resolve(change);
      };
      listeners.add(listener);
    });
  return { client, clock, changes, become };
}

describe("the connection", () => {
  it("is there when it can be, and calls made before go out in their order", async () => {
    const path = place();
    const texts: string[] = [];
    await serve(path, {
      locator: locator(
        add,
        Note.responder(({ text }) => void texts.push(text)),
      ),
    });
    const { client, changes } = keep({ path });
    expect(client.state).toBe("connecting");
    expect(client.callRemote(Note, { text: "first" })).toBeUndefined();
    const sum = client.callRemote(Add, { a: 1, b: 2 });
    client.callRemote(Note, { text: "second" });
    expect(client.waiting).toBe(3);
    expect(await sum).toEqual({ total: 3 });
    expect(texts).toEqual(["first", "second"]);
    expect(client.state).toBe("connected");
    expect(client.connection?.secure).toBe(false);
    expect((await client.callRemoteString("Add", new Box({ a: "4", b: "5" }))).text("total")).toBe("9");
    expect(changes.map(({ state }) => state)).toEqual(["connecting", "connected"]);
  });

  it("is tried for again after longer and longer waits, and the error is told", async () => {
    const path = place();
    const { client, clock, become } = keep({ path, backoff: { initial: 50, max: 150, jitter: () => 1 } });
    const call = client.callRemote(Add, { a: 1, b: 1 });
    const delays: unknown[] = [];
    for (let attempt = 0; attempt < 4; attempt++) {
      const { delay, error } = await become("waiting");
      expect(error).toBeInstanceOf(ConnectFailed);
      expect(client.lastError).toBe(error);
      delays.push(delay);
      clock.advance((delay ?? 0) - 1);
      expect(client.state).toBe("waiting");
      if (attempt === 3) await serve(path);
      clock.advance(1);
    }
    expect(delays).toEqual([50, 100, 150, 150]);
    expect(await call).toEqual({ total: 2 });
    expect(client.connection).toBeDefined();
    expect(client.lastError).toBeInstanceOf(ConnectFailed);
  });

  it("is replaced when it breaks", async () => {
    const path = place();
    const server = await serve(path);
    const { client, clock, become } = keep({ path });
    await client.callRemote(Add, { a: 1, b: 1 });
    const first = client.connection;
    const waiting = become("waiting");
    for (const connection of server.connections) connection.destroy();
    expect((await waiting).error).toBeInstanceOf(ConnectionLost);
    expect(client.connection).toBeUndefined();
    const call = client.callRemote(Add, { a: 2, b: 2 });
    clock.advance(100);
    expect(await call).toEqual({ total: 4 });
    expect(client.connection).not.toBe(first);
  });

  it("is not waited for when trying again is in vain", async () => {
    const path = place();
    const { client } = keep({ path, giveUpOn: (error) => error instanceof ConnectFailed });
    const call = client.callRemote(Add, { a: 1, b: 1 });
    expect(await rejection(call)).toBeInstanceOf(ConnectFailed);
    expect(await client.closed).toBe(client.lastError);
    expect(client.state).toBe("closed");
  });

  it("can be opened in a way of one's own", async () => {
    const path = place();
    await serve(path);
    let opened = 0;
    const open = (signal: AbortSignal) => {
      opened++;
      return connect({ path, signal });
    };
    const { client } = keep({ open });
    expect(await client.callRemote(Add, { a: 1, b: 1 })).toEqual({ total: 2 });
    expect(opened).toBe(1);
  });
});

describe("a call in flight when the connection breaks", () => {
  it("rejects, and is not made again", async () => {
    const path = place();
    let runs = 0;
    const server = await serve(path, {
      locator: locator(
        Hang.responder(() => {
          runs++;
          for (const connection of server.connections) connection.destroy();
        }),
      ),
    });
    const { client, clock, become } = keep({ path });
    const waiting = become("waiting");
    expect(await rejection(client.callRemote(Hang))).toBeInstanceOf(ConnectionLost);
    await waiting;
    const connected = become("connected");
    clock.advance(100);
    await connected;
    expect(runs).toBe(1);
  });

  it("is made again when its command is idempotent", async () => {
    const path = place();
    let runs = 0;
    const server = await serve(path, {
      locator: locator(
        HangSafely.responder(() => {
          if (++runs < 3) for (const connection of server.connections) connection.destroy();
          return { run: runs };
        }),
      ),
    });
    const { client, clock, become } = keep({ path });
    await become("connected");
    const call = client.callRemote(HangSafely);
    for (let i = 0; i < 2; i++) clock.advance((await become("waiting")).delay ?? 0);
    expect(await call).toEqual({ run: 3 });
  });

  it("keeps to its timeout over all its connections", async () => {
    const path = place();
    const server = await serve(path, {
      locator: locator(
        HangSafely.responder(() => {
          for (const connection of server.connections) connection.destroy();
          return { run: 0 };
        }),
      ),
    });
    const { client, clock, become } = keep({ path, backoff: { initial: 1_000, jitter: () => 1 } });
    await become("connected");
    const call = rejection(client.callRemote(HangSafely, {}, { timeout: 700 }));
    await become("waiting");
    expect(client.waiting).toBe(1);
    clock.advance(700);
    const error = await call;
    expect(error).toBeInstanceOf(CallTimeout);
    expect(error.cause).toBe(client.lastError);
  });

  it("rejects with the peer's own error, idempotent or not", async () => {
    class Refused extends Error {}
    const Refuse = command("Refuse", { idempotent: true, errors: { REFUSED: Refused } });
    const path = place();
    await serve(path, {
      locator: locator(
        Refuse.responder(() => {
          throw new Refused("no");
        }),
      ),
    });
    const { client } = keep({ path });
    expect(await rejection(client.callRemote(Refuse))).toBeInstanceOf(Refused);
  });
});

describe("a call that waits", () => {
  it("waits no longer than its timeout, or the client's", async () => {
    const { client, clock, become } = keep({ path: place(), callTimeout: 500 });
    const own = rejection(client.callRemote(Add, { a: 1, b: 1 }, { timeout: 20 }));
    const common = rejection(client.callRemote(Add, { a: 1, b: 1 }));
    await become("waiting");
    clock.advance(20);
    expect(await own).toMatchObject({ code: "CALL_TIMEOUT", cause: { code: "CONNECT_FAILED" } });
    expect(client.waiting).toBe(1);
    clock.advance(480);
    expect(await common).toBeInstanceOf(CallTimeout);
  });

  it("waits until its signal aborts", async () => {
    const { client } = keep({ path: place() });
    const controller = new AbortController();
    const call = rejection(client.callRemote(Add, { a: 1, b: 1 }, { signal: controller.signal }));
    const reason = new Error("enough");
    controller.abort(reason);
    expect(await call).toBe(reason);
    expect(await rejection(client.callRemote(Add, { a: 1, b: 1 }, { signal: controller.signal }))).toBe(
      reason,
    );
    expect(client.waiting).toBe(0);
  });

  it("is one of a bounded number", async () => {
    const { client } = keep({ path: place(), waiting: { maxCalls: 2 } });
    for (let i = 0; i < 2; i++) client.callRemote(Note, { text: "waits" });
    expect(await rejection(client.callRemote(Add, { a: 1, b: 1 }))).toBeInstanceOf(LimitExceeded);
    expect(() => client.callRemote(Note, { text: "one too many" })).toThrow(/waiting\.maxCalls/);
  });

  it("takes its part of a bounded number of bytes, and gives it back", async () => {
    const { client } = keep({ path: place(), waiting: { maxBytes: 1_000 } });
    const controller = new AbortController();
    const long = new Box({ data: "x".repeat(900) });
    const first = rejection(client.callRemoteString("Long", long, { signal: controller.signal }));
    expect(await rejection(client.callRemoteString("Long", long))).toMatchObject({
      code: "LIMIT_EXCEEDED",
      message: expect.stringContaining("waiting.maxBytes"),
    });
    controller.abort();
    await first;
    client.callRemoteString("Long", long, { requiresAnswer: false });
    expect(client.waiting).toBe(1);
  });

  it("is refused at once when it cannot be sent at all", async () => {
    const { client } = keep({ path: place() });
    // @ts-expect-error: there is no b
    expect(await rejection(client.callRemote(Add, { a: 1 }))).toBeInstanceOf(InvalidSignature);
    const Switch = protocolSwitch("Switch");
    expect(await rejection(client.callRemote(Switch, {}))).toMatchObject({
      message: expect.stringContaining("onConnection"),
    });
    expect(client.waiting).toBe(0);
  });
});

describe("startTLS", () => {
  it("is done on every connection before any call is sent", async () => {
    const { authority, server: localCertificate } = await testCertificates();
    const path = place();
    const secure: boolean[] = [];
    const Who = command("Who");
    const who = Who.responder((_, { connection }) => void secure.push(connection.secure));
    const server = await serve(path, { tls: { localCertificate }, locator: locator(who) });
    const { client, clock, become } = keep({ path, startTLS: { verifyAuthorities: [authority] } });
    await client.callRemote(Who);
    expect(client.connection?.peerCertificate?.commonName).toBe("calc.example");
    const waiting = become("waiting");
    for (const connection of server.connections) connection.destroy();
    await waiting;
    const again = client.callRemote(Who);
    clock.advance(100);
    await again;
    expect(secure).toEqual([true, true]);
  });

  it("keeps calls back when the peer refuses it, or hangs up in the middle of it", async () => {
    const path = place();
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

  it("can be made to end the client when the peer is not whom we trust", async () => {
    const { otherAuthority, server: localCertificate } = await testCertificates();
    const path = place();
    await serve(path, { tls: { localCertificate } });
    const { client } = keep({
      path,
      startTLS: { verifyAuthorities: [otherAuthority] },
      giveUpOn: (error) => error instanceof PeerVerifyError,
    });
    expect(await rejection(client.callRemote(Add, { a: 1, b: 1 }))).toBeInstanceOf(PeerVerifyError);
  });

  it("is looked at before anything is opened", () => {
    expect(() => reconnecting({ path: place(), startTLS: { verifyAuthorities: [] } })).toThrow(
      InvalidCertificate,
    );
    expect(() => reconnecting({ path: place(), limits: { maxBoxBytes: -1 } })).toThrow(RangeError);
    expect(() => reconnecting({ path: place(), heartbeat: { interval: 0 } })).toThrow(RangeError);
    expect(() => reconnecting({ path: place(), backoff: { initial: -1 } })).toThrow(RangeError);
  });

  it("is what a command that demands TLS needs", async () => {
    const path = place();
    await serve(path);
    const { client } = keep({ path });
    const Secret = command("Secret", { requireTLS: true });
    expect(await rejection(client.callRemote(Secret))).toBeInstanceOf(TLSRequired);
  });
});

describe("onConnection", () => {
  it("sets every connection up before other calls go out", async () => {
    const { server: localCertificate } = await testCertificates();
    const Login = command("Login", { arguments: { name: unicode() } });
    const Whoami = command("Whoami", { response: { name: unicode() } });
    const path = place();
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
    for (const connection of server.connections) connection.destroy();
    await waiting;
    const again = client.callRemote(Whoami);
    clock.advance(100);
    expect(await again).toEqual({ name: "alice" });
  });

  it("is tried again when it fails, on another connection", async () => {
    const path = place();
    const server = await serve(path);
    const failure = new Error("not yet");
    let tries = 0;
    const { client, clock, become } = keep({
      path,
      onConnection: () => {
        if (++tries === 1) throw failure;
      },
    });
    const { error, delay } = await become("waiting");
    expect(error).toBe(failure);
    await expect.poll(() => server.connections.size).toBe(0);
    clock.advance(delay ?? 0);
    expect(await client.callRemote(Add, { a: 1, b: 1 })).toEqual({ total: 2 });
  });

  it("may not take for ever, and ends with its connection", async () => {
    const path = place();
    const server = await serve(path);
    const entered = [deferred(), deferred()];
    let tries = 0;
    const { clock, become } = keep({
      path,
      setupTimeout: 5_000,
      onConnection: () => {
        entered[tries++]?.resolve();
        return new Promise(() => {});
      },
    });
    await entered[0]?.promise;
    const late = become("waiting");
    clock.advance(5_000);
    const { error, delay } = await late;
    expect(error?.message).toContain("5000 ms");
    clock.advance(delay ?? 0);
    await entered[1]?.promise;
    const lost = become("waiting");
    await expect.poll(() => server.connections.size).toBe(1);
    for (const connection of server.connections) connection.destroy();
    expect((await lost).error).toBeInstanceOf(ConnectionLost);
  });
});

describe("the end", () => {
  it("by close finishes what is in progress and refuses what waits", async () => {
    const path = place();
    const gate = deferred();
    const begun = deferred();
    const Slow = command("Slow", { idempotent: true });
    const slow = Slow.responder(() => {
      begun.resolve();
      return gate.promise;
    });
    await serve(path, { locator: locator(slow) });
    const { client, become } = keep({ path });
    await become("connected");
    const call = client.callRemote(Slow);
    await begun.promise;
    const closed = client.close();
    expect(await rejection(client.callRemote(Slow))).toBeInstanceOf(ConnectionClosed);
    expect(client.callRemote(Note, { text: "dropped" })).toBeUndefined();
    gate.resolve();
    expect(await call).toEqual({});
    await closed;
    expect(client.state).toBe("closed");
    expect(await client.closed).toBeInstanceOf(ConnectionClosed);
    await client.close();
  });

  it("by destroy rejects what is in progress, also what is idempotent", async () => {
    const path = place();
    const begun = deferred();
    const hang = HangSafely.responder(() => {
      begun.resolve();
      return new Promise(() => {});
    });
    await serve(path, { locator: locator(hang) });
    const { client, become } = keep({ path });
    await become("connected");
    const call = rejection(client.callRemote(HangSafely));
    await begun.promise;
    const reason = new Error("over");
    client.destroy(reason);
    expect(await call).toBe(reason);
    expect(await client.closed).toBe(reason);
  });

  it("comes in the middle of an attempt, of the set-up, and of a wait", async () => {
    const path = place();
    const attempt = keep({ path });
    const refused = rejection(attempt.client.callRemote(Add, { a: 1, b: 1 }));
    await attempt.client.close();
    expect(await refused).toBeInstanceOf(ConnectionClosed);

    const wait = keep({ path });
    await wait.become("waiting");
    await wait.client.close();

    const server = await serve(path);
    const entered = deferred();
    const setUp = keep({
      path,
      onConnection: () => {
        entered.resolve();
        return new Promise(() => {});
      },
    });
    await entered.promise;
    await setUp.client.close();
    await expect.poll(() => server.connections.size).toBe(0);
    for (const { changes } of [attempt, wait, setUp]) expect(changes.at(-1)?.state).toBe("closed");
  });

  it("comes with the end of a scope, and with a signal", async () => {
    const path = place();
    await serve(path);
    let ended: Promise<Error>;
    {
      await using client = reconnecting({ path });
      ended = client.closed;
      await client.callRemote(Add, { a: 1, b: 1 });
    }
    expect(await ended).toBeInstanceOf(ConnectionClosed);

    const controller = new AbortController();
    const { client } = keep({ path, signal: controller.signal });
    await client.callRemote(Add, { a: 1, b: 1 });
    const reason = new Error("enough");
    controller.abort(reason);
    expect(await client.closed).toBe(reason);
  });
});
