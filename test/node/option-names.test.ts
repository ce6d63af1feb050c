/** Options of every function of the entry point: a misspelt one is refused, and those of Node are passed on or refused. */
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { networkInterfaces, tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { command, locator } from "ampwire";
import { attach, attachChild, attachFileDescriptors, connect, listen, reconnecting } from "ampwire/node";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { socketInternals } from "../../src/node/node-internals.ts";
import { ourClient, ourServer, rawClient, rawServer, tidy } from "../support/loopback.ts";
import { ended, rejection } from "../support/settled.ts";

const HOST = "127.0.0.1";
const Ping = command("Ping");
const pings = locator(Ping.responder(() => {}));
/** Options that a JavaScript program may pass. */
type Any = never;

function child() {
  const process = spawn("cat", { stdio: ["pipe", "pipe", "inherit"] });
  onTestFinished(() => void process.kill());
  return process;
}

/** Calls a function with these options; returns what it throws or rejects with. */
const FUNCTIONS: readonly (readonly [string, (options: object) => Promise<unknown>])[] = [
  ["listen", async (options) => (await listen({ host: HOST, port: 0, ...options } as Any)).destroy()],
  ["connect", async (options) => (await connect({ host: HOST, port: 1, ...options } as Any)).destroy()],
  ["attach", async (options) => attach(new PassThrough(), options as Any).destroy()],
  ["attachChild", async (options) => attachChild(child(), options as Any).destroy()],
  [
    "attachFileDescriptors",
    async (options) => attachFileDescriptors({ readable: 900, writable: 901 }, options as Any),
  ],
  ["reconnecting", async (options) => reconnecting({ host: HOST, port: 1, ...options } as Any).destroy()],
  [
    "reconnecting",
    async (options) => reconnecting({ open: () => attach(new PassThrough()), ...options } as Any).destroy(),
  ],
];

describe.each(FUNCTIONS)("%s", (name, open) => {
  test.each([
    [{ onerror: true, callTimout: 1 }, 'unknown option "onerror"'],
    [{ callTimout: 1 }, 'unknown option "callTimout" (did you mean "callTimeout"?)'],
    [{ surprise: 1 }, 'unknown option "surprise"'],
    [{ callTimeout: null }, "the option callTimeout must not be null"],
  ])("the options %o are refused", async (options, message) => {
    const error = await rejection(open(options));
    expect(error).toBeInstanceOf(TypeError);
    expect(error.message).toContain(`${name}: ${message}`);
  });
});

test.each(["timeout", "onread", "fd", "allowHalfOpen", "readable", "writable", "blockList"])(
  "connect refuses the option %s of net.connect",
  async (name) => {
    const error = await rejection(connect({ host: HOST, port: 1, [name]: 1 } as Any));
    expect(error.message).toContain(`connect: unknown option "${name}"`);
  },
);

test.each([
  ["timeout", "connectTimeout"],
  ["ca", "tls.verifyAuthorities"],
  ["rejectUnauthorized", "tls.verifyAuthorities"],
])("connect and reconnecting name the option for %s of Node", async (name, similar) => {
  const options = { host: HOST, port: 1, [name]: 1 } as Any;
  expect((await rejection(connect(options))).message).toContain(`did you mean "${similar}"?`);
  expect(() => reconnecting(options)).toThrow(`did you mean "${similar}"?`);
});

test.each(["signal", "allowHalfOpen", "pauseOnConnect", "highWaterMark", "blockList"])(
  "listen refuses the option %s of Node's servers",
  async (name) => {
    const error = await rejection(listen({ host: HOST, port: 0, [name]: 1 } as Any));
    expect(error.message).toContain(`listen: unknown option "${name}"`);
  },
);

/** Calls of the native handles that set TCP keep-alive. */
async function keepAlives() {
  const { port } = await rawServer();
  const { _handle } = socketInternals(await rawClient(port));
  const prototype = Object.getPrototypeOf(_handle) as { setKeepAlive(on: boolean, delay: number): void };
  const set = vi.spyOn(prototype, "setKeepAlive");
  onTestFinished(() => set.mockRestore());
  return set.mock.calls;
}

test("connect and listen pass keepAlive and keepAliveInitialDelay on to their sockets", async () => {
  const calls = await keepAlives();
  const raw = await rawServer();
  await ourClient(raw.port, { keepAlive: true, keepAliveInitialDelay: 7000 });
  expect(calls).toEqual([[true, 7]]);
  const { port, next } = await ourServer({ keepAlive: true, keepAliveInitialDelay: 9000 });
  await Promise.all([rawClient(port), next()]);
  expect(calls).toEqual([
    [true, 7],
    [true, 9],
  ]);
});

describe("a host in brackets, as URL.hostname has it", () => {
  const hasIPv6 = Object.values(networkInterfaces()).some((all) =>
    all?.some(({ address }) => address === "::1"),
  );

  test.runIf(hasIPv6)("connect and listen accept [::1]", async () => {
    const server = await listen({ host: "[::1]", port: 0, locator: pings });
    onTestFinished(() => server.destroy());
    const { hostname } = new URL(`http://[::1]:${server.address().port}`);
    const connection = await connect({ host: hostname, localAddress: hostname, port: server.address().port });
    tidy(connection);
    await expect(connection.callRemote(Ping)).resolves.toEqual({});
  });
});

describe("the path of a UNIX socket", () => {
  function pathOf(bytes: number): string {
    const folder = mkdtempSync(join(tmpdir(), "a"));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    return join(folder, "x".repeat(bytes)).slice(0, bytes);
  }
  const limit = process.platform === "linux" ? 107 : 103;

  test("a path of the system's limit works", async () => {
    const path = pathOf(limit);
    const server = await listen({ path, locator: pings });
    onTestFinished(() => server.destroy());
    const connection = await connect({ path });
    tidy(connection);
    await expect(connection.callRemote(Ping)).resolves.toEqual({});
  });

  test("a longer path is refused by listen, connect and reconnecting, with the limit", async () => {
    const path = pathOf(limit + 1);
    const message = `the path of the UNIX socket has ${limit + 1} bytes; this system allows ${limit}`;
    await expect(listen({ path })).rejects.toThrow(message);
    await expect(connect({ path })).rejects.toThrow(message);
    await expect(connect({ path })).rejects.toBeInstanceOf(RangeError);
    const client = reconnecting({ path });
    expect((await ended(client)).message).toContain(message);
  });
});
