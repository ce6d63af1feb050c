/** `ampwire serve --workers` with its processes: distribution, rolling replacement under load, crashes and signals. */
import { writeFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { command, integer } from "ampwire";
import { connect, type NodeConnection, reconnecting } from "ampwire/node";
import { beforeAll, describe, expect, onTestFinished, test, vi } from "vitest";
import { builtCommand } from "../support/built.ts";
import { testCertificates } from "../support/certificates.ts";
import { HOLD_RESPONDERS, killDuringCalls, Process } from "../support/killed-process.ts";
import { certificateFile, scratchPath } from "../support/tls-side.ts";
import { unixPlace } from "../support/unix-place.ts";
import { type CommandRun, startCommand } from "./command-process.ts";
import { ampwire } from "./run-command.ts";
import { runHere } from "./run-here.ts";

vi.setConfig({ testTimeout: 60_000 }); // most of the tests start several processes, one after another
beforeAll(builtCommand, 120_000);

const Slow = command("Slow", { response: { pid: integer() } });

const module = scratchPath("processes.mjs");
writeFileSync(
  module,
  `import { command, integer, locator } from "ampwire";
   import { setTimeout } from "node:timers/promises";
   const response = { pid: integer() };
   ${HOLD_RESPONDERS}
   export const served = locator(
     ...holding,
     command("Process", { response }).responder(() => ({ pid: process.pid })),
     command("Slow", { response }).responder(async () => {
       process.stderr.write("slow call began\\n");
       await setTimeout(300);
       return { pid: process.pid };
     }),
   );`,
);

interface Serving extends CommandRun {
  readonly at: string;
  readonly port: number;
}

async function serving(typed: string): Promise<Serving> {
  const run = await startCommand("serve", ...typed.split(" "));
  const [, at = ""] = await run.output(/^listening on (.*)$/m);
  // A killed first process ends its workers: Node does that when their channel closes.
  return Object.assign(run, { at, port: Number(at.split(":").at(-1)) });
}

async function client(port: number): Promise<NodeConnection> {
  const connection = await connect({ host: "127.0.0.1", port });
  onTestFinished(() => connection.destroy());
  return connection;
}

/** Returns the processes that serve new connections. */
async function processes(port: number, connections: number): Promise<number[]> {
  const pids: number[] = [];
  for (let i = 0; i < connections; i++) {
    const connection = await client(port);
    pids.push((await connection.callRemote(Process)).pid);
    connection.destroy();
  }
  return pids;
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

describe("ampwire serve --workers", () => {
  test("connections are distributed in turn, and SIGTERM ends all processes after their calls", async () => {
    const server = await serving(`${module} --workers 2 --listen tcp://127.0.0.1:0`);
    const pids = await processes(server.port, 8);
    const distinct = [...new Set(pids)];
    expect(distinct).toHaveLength(2);
    expect(pids.filter((pid) => pid === distinct[0])).toHaveLength(4);
    const slow = (await client(server.port)).callRemote(Slow);
    await server.errors(/slow call began/);
    server.signal("SIGTERM");
    expect(distinct).toContain((await slow).pid);
    expect(await server.exited).toBe(0);
    expect(distinct.filter(isAlive)).toEqual([]);
  });

  test("SIGHUP replaces all workers under 10,000 calls inside StartTLS, and no call fails", async () => {
    const { authority, server: certificate } = await testCertificates();
    const server = await serving(
      `${module} --workers 2 --listen tcp://127.0.0.1:0 --require-tls --cert ${certificateFile([certificate])}`,
    );
    const tls = { verifyAuthorities: [authority], serverName: "calc.example" };
    const seen = new Set<number>();
    let stop = false;
    let calls = 0;
    const load = Array.from({ length: 4 }, async () => {
      const options = { requireTLS: "verified", startTLS: {}, backoff: { initial: 1, max: 20 } } as const;
      const caller = reconnecting({ host: "127.0.0.1", port: server.port, tls, ...options });
      while (!stop || calls < 10_000) {
        const answers = await Promise.all(Array.from({ length: 25 }, () => caller.callRemote(Process)));
        for (const { pid } of answers) seen.add(pid);
        calls += answers.length;
        await delay(2); // so that the processes that start get a part of the processor
      }
      await caller.close();
    });
    while (seen.size < 2) await new Promise(setImmediate);
    const old = [...seen];
    server.signal("SIGHUP");
    await server.errors(/^all workers were replaced$/m);
    seen.clear();
    const before = calls;
    while (calls < before + 100) await new Promise(setImmediate);
    stop = true;
    await Promise.all(load);
    expect(old.filter(isAlive)).toEqual([]);
    expect(old.filter((pid) => seen.has(pid))).toEqual([]);
    server.signal("SIGTERM");
    expect(await server.exited).toBe(0);
  });

  test("a worker that is killed is replaced, and its port and the other worker stay", async () => {
    const server = await serving(`${module} --workers 2 --listen tcp://127.0.0.1:0`);
    const [first = 0, second = 0] = await processes(server.port, 2);
    process.kill(first, "SIGKILL");
    await server.errors(
      new RegExp(`^worker ${first} has ended \\(signal SIGKILL\\); a new worker starts in \\d+ ms$`, "m"),
    );
    let pids = await processes(server.port, 2);
    while (new Set(pids).size < 2) pids = await processes(server.port, 2);
    expect(pids).toContain(second);
    expect(pids).not.toContain(first);
  });

  test("a worker killed by SIGKILL fails its calls in progress once, and no idempotent one", async () => {
    const { port } = await serving(`${module} --workers 2 --listen tcp://127.0.0.1:0`);
    const clients = Array.from({ length: 4 }, () => {
      const one = reconnecting({ host: "127.0.0.1", port, backoff: { initial: 1, max: 20 } });
      onTestFinished(() => one.destroy());
      return one;
    });
    await killDuringCalls(clients);
  });

  test("SIGINT from a terminal reaches all processes, and calls in progress still finish", async () => {
    const server = await serving(`${module} --workers 2 --listen unix:${unixPlace()}`);
    const path = server.at.slice("unix:".length);
    const connection = await connect({ path });
    onTestFinished(() => connection.destroy());
    const { pid } = await connection.callRemote(Process);
    const slow = connection.callRemote(Slow);
    await server.errors(/slow call began/);
    process.kill(pid, "SIGINT");
    server.signal("SIGINT");
    expect(await slow).toEqual({ pid });
    expect(await server.exited).toBe(0);
    expect(isAlive(pid)).toBe(false);
  });

  test("an error of the module or the address is printed once, with the exit code of a single process", async () => {
    const broken = scratchPath("broken.mjs");
    writeFileSync(broken, "throw new Error('no database');");
    const failed = await ampwire(`serve ${broken} --workers 3 --listen tcp://127.0.0.1:0`);
    expect(failed.code).toBe(1);
    expect(failed.err.match(/no database/g)).toHaveLength(1);
    expect((await ampwire("serve missing.ts --workers 2")).code).toBe(2);
    const { at } = await serving("--demo --listen tcp://127.0.0.1:0");
    const taken = await ampwire(`serve --demo --workers 2 --listen ${at}`);
    expect(taken.code).toBe(1);
    expect(taken.err).toMatch(/EADDRINUSE/);
  });

  test.each(["0", "1.5", "two", "1025"])("--workers %s is a usage error", async (count) => {
    const { code, err } = await runHere(`serve --demo --workers ${count}`);
    expect({ code, err }).toMatchObject({
      code: 2,
      err: expect.stringContaining(`--workers "${count}" must be`),
    });
  });
});
