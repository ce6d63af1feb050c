/** close() with limits on connections, servers and reconnecting clients; context.closing; ref() and unref(). */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { command, locator } from "ampwire";
import { listen, reconnecting } from "ampwire/node";
import { manualClock } from "ampwire/testing";
import { describe, expect, onTestFinished, test } from "vitest";
import { ourClient, ourServer, pair } from "../support/loopback.ts";
import { nodeProgram } from "../support/node-program.ts";
import { rejection } from "../support/settled.ts";
import { until } from "../support/within.ts";

const HOST = "127.0.0.1";
const Hang = command("Hang");
const Poll = command("Poll");

/** Responders of which one never answers, and one answers when the connection begins to close. */
function responders() {
  const reasons: unknown[] = [];
  const found = locator(
    Hang.responder(() => new Promise<void>(() => {})),
    Poll.responder(
      (_, { closing }) =>
        new Promise<void>((resolve) => {
          const answer = () => {
            reasons.push(closing.reason);
            resolve();
          };
          if (closing.aborted) answer();
          else closing.addEventListener("abort", answer, { once: true });
        }),
    ),
  );
  return { found, reasons };
}

/** Limits on close(), and what reaches them. */
function limits() {
  const clock = manualClock();
  const abort = new AbortController();
  return {
    clock,
    cases: [
      ["timeout", { timeout: 5000 }, () => clock.advance(5000)],
      ["signal", { signal: abort.signal }, () => abort.abort()],
    ] as const,
  };
}

describe.each([0, 1])("the limit %i of close()", (index) => {
  test("a connection with a call in progress is destroyed at the limit", async () => {
    const { clock, cases } = limits();
    const [, options, reach] = cases[index] as (typeof cases)[0];
    const { port } = await ourServer({ locator: responders().found });
    const client = await ourClient(port, { clock });
    const call = rejection(client.callRemote(Hang));
    const closing = client.close(options);
    clock.advance(4999);
    expect(client.state).toBe("closing");
    reach();
    await closing;
    expect((await call).message).toContain("close()");
    expect(clock.pending).toBe(0);
  });

  test("a server with a call in progress is destroyed at the limit", async () => {
    const { clock, cases } = limits();
    const [, options, reach] = cases[index] as (typeof cases)[0];
    const { port, server, next } = await ourServer({ locator: responders().found, clock });
    const client = await ourClient(port);
    await next();
    const call = rejection(client.callRemote(Hang));
    await client.callRemoteString("Unknown").catch(() => {}); // answered after the responder has begun
    const closing = server.close(options);
    await new Promise(setImmediate);
    reach();
    await closing;
    await call;
    expect(server.connections.size).toBe(0);
  });

  test("a reconnecting client with a call in progress is destroyed at the limit", async () => {
    const { clock, cases } = limits();
    const [, options, reach] = cases[index] as (typeof cases)[0];
    const { port } = await ourServer({ locator: responders().found });
    const client = reconnecting({ host: HOST, port, clock });
    await until(() => client.state === "connected");
    const call = rejection(client.callRemote(Hang));
    const closing = client.close(options);
    await new Promise(setImmediate);
    reach();
    await closing;
    await call;
    expect(client.state).toBe("closed");
  });
});

test("an aborted signal destroys the connection at once", async () => {
  const { client } = await pair();
  await client.close({ signal: AbortSignal.abort() });
  expect(client.state).toBe("closed");
});

test.each([
  [{ timeout: -1 }, "timeout must be a number of at least 0, not -1"],
  [{ timout: 1 }, 'close: unknown option "timout" (did you mean "timeout"?)'],
])("close(%o) is refused, on connections, servers and clients", async (options, message) => {
  const { port, server } = await ourServer();
  const client = await ourClient(port);
  const again = reconnecting({ host: HOST, port });
  onTestFinished(() => again.destroy());
  for (const one of [client, server, again])
    await expect(one.close(options as never)).rejects.toThrow(message);
  expect(client.state).toBe("open");
});

test("await using destroys a connection whose calls have not finished after 10 seconds", async () => {
  const clock = manualClock();
  const { port } = await ourServer({ locator: responders().found });
  const client = await ourClient(port, { clock });
  const call = rejection(client.callRemote(Hang));
  const disposed = client[Symbol.asyncDispose]();
  clock.advance(9999);
  expect(client.state).toBe("closing");
  clock.advance(1);
  await disposed;
  await call;
});

test("close() aborts context.closing and not context.signal, so that a long poll answers", async () => {
  const { found, reasons } = responders();
  const { port, server, next } = await ourServer({ locator: found });
  const client = await ourClient(port);
  await next();
  const poll = client.callRemote(Poll);
  await client.callRemoteString("Unknown").catch(() => {}); // answered after the responder has begun
  await server.close();
  await expect(poll).resolves.toEqual({});
  expect((reasons[0] as Error).message).toBe("the connection is being closed here");
});

test("a lost connection aborts context.closing", async () => {
  const { found, reasons } = responders();
  const { port } = await ourServer({ locator: found });
  const client = await ourClient(port);
  const poll = rejection(client.callRemote(Poll));
  await client.callRemoteString("Unknown").catch(() => {}); // answered after the responder has begun
  client.destroy();
  await poll;
  await until(() => reasons.length > 0);
  expect(reasons[0]).toBeInstanceOf(Error);
});

describe("unref()", () => {
  test.each(["connection", "server", "client", "server with a handshake", "connection with descriptors"])(
    "a process with an unref'ed %s exits by itself",
    async (what) => {
      const { port } = await ourServer();
      const program = await nodeProgram("unref");
      const child = spawn(process.execPath, [program, what, String(port)], {
        stdio: ["ignore", "pipe", "inherit"],
        env: { ...process.env, NODE_PATH: fileURLToPath(new URL("../../node_modules", import.meta.url)) }, // koffi
      });
      onTestFinished(() => void child.kill());
      const printed: Buffer[] = [];
      child.stdout.on("data", (chunk: Buffer) => printed.push(chunk));
      const [code] = await once(child, "exit");
      expect([code, Buffer.concat(printed).toString()]).toEqual([0, "open\n"]);
    },
  );
});

test("close() of a server without connections rejects a signal of another type", async () => {
  const server = await listen({ port: 0, host: "127.0.0.1" });
  const signal = 5 as unknown as AbortSignal; // as a program in JavaScript may pass it
  await expect(server.close({ signal })).rejects.toThrow("signal must be an AbortSignal");
  await server.close();
});

test("close() of a reconnecting client rejects a signal of another type, and the client continues", async () => {
  const { port } = await ourServer();
  const client = reconnecting({ host: HOST, port });
  onTestFinished(() => client.destroy());
  const signal = 5 as unknown as AbortSignal; // as a program in JavaScript may pass it
  await expect(client.close({ signal })).rejects.toThrow("signal must be an AbortSignal");
  await until(() => client.state === "connected");
});
