/** Addresses of servers: stale UNIX sockets, permissions, abstract sockets, inherited descriptors and shared ports. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, lstatSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { type AddressInfo, createServer, Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { command, locator } from "ampwire";
import { type ConnectOptions, connect, type ListenOptions, listen } from "ampwire/node";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { socketInternals } from "../../src/node/node-internals.ts";
import { settledAtCaller } from "../support/caller.ts";
import { tidy } from "../support/loopback.ts";
import { nodeProgram } from "../support/node-program.ts";
import { rejection } from "../support/settled.ts";
import { unixPlace } from "../support/unix-place.ts";

const HOST = "127.0.0.1";
const Ping = command("Ping");
const pings = locator(Ping.responder(() => {}));
const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
const sharesPorts = major > 23 || (major === 23 && minor >= 1) || (major === 22 && minor >= 12);

async function served(options: ListenOptions) {
  const server = await listen({ locator: pings, ...options });
  onTestFinished(() => server.destroy());
  return server;
}

async function answers(options: ConnectOptions): Promise<void> {
  const client = await connect(options);
  tidy(client);
  await expect(client.callRemote(Ping)).resolves.toEqual({});
  client.destroy();
}

/** Leaves the file of a UNIX socket at which no process listens, as a killed process does. */
async function staleSocket(): Promise<string> {
  const path = unixPlace();
  const program =
    "require('net').createServer().listen(process.argv[1], () => process.kill(process.pid, 'SIGKILL'))";
  await once(spawn(process.execPath, ["-e", program, path], { stdio: "inherit" }), "exit");
  expect(existsSync(path)).toBe(true);
  return path;
}

describe("a UNIX socket", () => {
  test("a stale file is replaced", async () => {
    const path = await staleSocket();
    await served({ path });
    await answers({ path });
  });

  test("the error names a folder that does not exist, and not a permission", async () => {
    const folder = join(tmpdir(), "ampwire-no-such-folder");
    const error = await settledAtCaller(() => listen({ path: join(folder, "a.socket") }));
    expect(error).toMatchObject({ code: "EACCES", syscall: "listen" });
    expect(error.message).toBe(
      `cannot listen at ${folder}/a.socket: EACCES, the folder ${folder} does not exist: create it`,
    );
  });

  test("the error names a descriptor that is not a listening socket", async () => {
    const error = await settledAtCaller(() => listen({ fd: 99_999 }));
    expect(error).toMatchObject({ code: "EINVAL" });
    expect(error.message).toBe(
      "cannot listen at the descriptor 99999: EINVAL, it is not a socket that listens",
    );
  });

  test("a stale file stays if unlinkStale is false, and the error says that no process listens", async () => {
    const path = await staleSocket();
    const error = await rejection(listen({ path, unlinkStale: false }));
    expect(error).toMatchObject({ code: "EADDRINUSE", syscall: "listen", address: path });
    expect(error.message).toBe(
      `cannot listen at ${path}: EADDRINUSE, no process listens there: remove the file, or set unlinkStale`,
    );
    expect(existsSync(path)).toBe(true);
  });

  test("a path at which a process listens is not taken from it", async () => {
    const path = unixPlace();
    await served({ path });
    const error = await rejection(listen({ path }));
    expect(error).toMatchObject({ code: "EADDRINUSE" });
    expect(error.message).toContain("a process listens there");
    await answers({ path });
  });

  test("a file that is not a socket is never removed", async () => {
    const path = unixPlace();
    writeFileSync(path, "data");
    expect((await rejection(listen({ path }))).message).toContain("the file is not a socket");
    expect(statSync(path).size).toBe(4);
  });

  test("a symbolic link is never removed, and the error names it", async () => {
    const path = unixPlace();
    symlinkSync(`${path}.target`, path);
    expect((await rejection(listen({ path }))).message).toContain("the file is a symbolic link");
    expect(lstatSync(path).isSymbolicLink()).toBe(true);
  });

  test.each([{ port: 0 }, { host: HOST }])(
    "a path with %o is refused by listen and connect",
    async (more) => {
      const path = unixPlace();
      const [name] = Object.keys(more);
      const message = `the options path and ${name} exclude each other: use one of them`;
      await expect(listen({ path, ...more })).rejects.toThrow(new TypeError(`listen: ${message}`));
      await expect(connect({ path, ...more } as never)).rejects.toThrow(new TypeError(`connect: ${message}`));
      expect(existsSync(path)).toBe(false);
    },
  );

  test("a mode in text is quoted in the error", async () => {
    const mode = "600" as unknown as number; // as a program in JavaScript may pass it
    await expect(listen({ path: unixPlace(), mode })).rejects.toThrow(
      new RangeError('mode must be permissions from 0 to 0o777, not "600"'),
    );
  });

  test.each([0o600, 0o660, 0o777])("the file has the permissions of the option mode: %o", async (mode) => {
    const path = unixPlace();
    const umask = process.umask();
    await served({ path, mode });
    expect(statSync(path).mode & 0o777).toBe(mode);
    expect(process.umask()).toBe(umask);
    await answers({ path });
  });

  test.runIf(process.platform === "linux")("an abstract socket has no file", async () => {
    const path = `\0ampwire-test-${process.pid}`;
    await served({ path });
    await answers({ path });
    expect((await rejection(listen({ path }))).message).toContain("EADDRINUSE");
  });
});

/** Listens in this process. Returns the descriptor, which a child can inherit. */
async function listeningDescriptor() {
  const parent = createServer();
  parent.listen(0, HOST);
  await once(parent, "listening");
  onTestFinished(() => void parent.close());
  const { port } = parent.address() as AddressInfo;
  // A server has a handle with a descriptor, as a socket has.
  const { fd } = socketInternals(parent as never)._handle ?? {};
  return { parent, port, fd: fd as number };
}

describe("an inherited socket", () => {
  test("listen accepts connections of a descriptor", async () => {
    const { parent, port, fd } = await listeningDescriptor();
    const program = await nodeProgram("listen-fd");
    const child = spawn(process.execPath, [program, "3"], {
      stdio: ["ignore", "pipe", "inherit", fd],
    });
    onTestFinished(() => void child.kill());
    await once(child.stdout as Readable, "data"); // its stdio has a pipe at 1
    parent.close();
    await answers({ host: HOST, port });
  });

  test("listen passes the backlog of a descriptor to Node", async () => {
    const given = vi.spyOn(Server.prototype, "listen").mockImplementation(() => {
      throw new Error("of the test");
    });
    onTestFinished(() => given.mockRestore());
    await rejection(listen({ fd: 3, backlog: 7 }));
    expect(given).toHaveBeenCalledWith({ fd: 3 }, 7);
  });

  test("with fd: systemd, listen takes the socket that LISTEN_FDS announces", async () => {
    const { parent, port, fd } = await listeningDescriptor();
    const program = await nodeProgram("listen-fd");
    // As systemd does, LISTEN_PID is set in the process that then executes node.
    const shell = `LISTEN_PID=$$ LISTEN_FDS=1 exec "$0" "$1" systemd`;
    const child = spawn("sh", ["-c", shell, process.execPath, program], {
      stdio: ["ignore", "pipe", "inherit", fd],
    });
    onTestFinished(() => void child.kill());
    await once(child.stdout as Readable, "data"); // its stdio has a pipe at 1
    parent.close();
    await answers({ host: HOST, port });
  });

  test.each([
    [{}, "systemd has passed no socket: LISTEN_FDS is not set"],
    [{ LISTEN_FDS: "1", LISTEN_PID: "1" }, "systemd has passed its sockets to process 1"],
    [
      { LISTEN_FDS: "2", LISTEN_PID: String(process.pid) },
      "systemd has passed 2 sockets: set fd to one of 3 to 4",
    ],
  ])("with fd: systemd and the environment %o, listen rejects", async (environment, message) => {
    const { LISTEN_FDS, LISTEN_PID, ...rest } = process.env;
    process.env = { ...rest, ...environment };
    onTestFinished(() => {
      process.env = { ...rest, ...(LISTEN_FDS === undefined ? {} : { LISTEN_FDS, LISTEN_PID }) };
    });
    expect((await rejection(listen({ fd: "systemd" }))).message).toContain(message);
  });
});

test("with reusePort two servers listen at one port, and an older version of Node refuses the option", async () => {
  const listening = listen({ host: HOST, port: 0, reusePort: true, locator: pings });
  if (!sharesPorts) {
    expect((await rejection(listening)).message).toContain("reusePort needs Node 22.12 or 23.1 or newer");
    return;
  }
  const first = await listening;
  onTestFinished(() => first.destroy());
  await served({ host: HOST, port: first.address().port, reusePort: true });
  await answers({ host: HOST, port: first.address().port });
});

test.each<[ListenOptions, string]>([
  [{ fd: 3, port: 0 }, "the option fd replaces port, host and path"],
  [{ fd: -1 }, 'fd must be a file descriptor or "systemd", not -1'],
  [{ port: 0, mode: 0o600 }, "the option mode needs `path`"],
  [{ path: "/tmp/x", mode: 0o1000 }, "mode must be permissions from 0 to 0o777, not 512"],
  [{ fd: 3, reusePort: true }, "the option reusePort has no effect with `fd`: it needs port"],
  [{ path: "/tmp/x", reusePort: true }, "the option reusePort has no effect with `path`: it needs port"],
  [{ fd: 3, ipv6Only: true }, "the option ipv6Only has no effect with `fd`: it needs port"],
  [{ path: "/tmp/x", ipv6Only: true }, "the option ipv6Only has no effect with `path`: it needs port"],
  [{ port: 0, readableAll: true }, "the option readableAll has no effect with `port`: it needs path"],
  [{ fd: 3, writableAll: true }, "the option writableAll has no effect with `fd`: it needs path"],
  [{ fd: 3, exclusive: true }, "the option exclusive has no effect with `fd`: it needs port or path"],
])("listen refuses the address %o", async (options, message) => {
  await expect(listen(options)).rejects.toThrow(message);
});
