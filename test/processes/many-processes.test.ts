/** Servers of several processes on one machine: StartTLS, and the replacement of all processes under load. */
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { setTimeout as delay } from "node:timers/promises";
import { reconnecting } from "ampwire/node";
import { expect, onTestFinished, test } from "vitest";
import { testCertificates } from "../support/certificates.ts";
import { killDuringCalls, Process } from "../support/killed-process.ts";
import { nodeProgram } from "../support/node-program.ts";
import { certificateFile } from "../support/tls-side.ts";

const CLIENTS = 4;
/** Calls of a client in progress at a time. They are not idempotent, so none is sent again. */
const IN_PROGRESS = 25;
/** Between the calls of a client, so that the processes that start get a part of the processor. */
const PAUSE_MS = 2;
const MIN_CALLS = 10_000;

const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
const sharesPorts = major > 23 || (major === 23 && minor >= 1) || (major === 22 && minor >= 12);
const WAYS = ["cluster-rr", "cluster-none", "sockets", "fd", ...(sharesPorts ? ["reuse-port"] : [])];

/** Ways in which the server itself distributes the connections in turn. In the others the system decides. */
const IN_TURN = ["cluster-rr", "sockets"];

async function started(how: string) {
  const { authority, server } = await testCertificates();
  const child = spawn(
    process.execPath,
    [await nodeProgram("many-processes"), how, "2", certificateFile([server])],
    {
      stdio: ["pipe", "pipe", "inherit"],
    },
  );
  onTestFinished(() => void child.kill("SIGKILL"));
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const port = Number((await lines.next()).value?.split(" ").at(-1));
  const client = () => {
    const one = reconnecting({
      host: "127.0.0.1",
      port,
      startTLS: {},
      requireTLS: "verified",
      tls: { verifyAuthorities: [authority], serverName: "calc.example" },
      backoff: { initial: 1, max: 20 },
    });
    onTestFinished(() => one.destroy());
    return one;
  };
  return {
    client,
    async replace(): Promise<void> {
      child.stdin.write("replace\n");
      expect((await lines.next()).value).toBe("replaced");
    },
  };
}

test.each(WAYS)(
  "all processes are replaced under 10,000 calls inside StartTLS, and no call fails: %s",
  async (how) => {
    const { client, replace } = await started(how);
    const clients = Array.from({ length: CLIENTS }, client);
    const first = await Promise.all(clients.map((one) => one.callRemote(Process)));
    const old = first.map(({ pid }) => pid);
    // In turn, unless a process is still busy with the connection before.
    if (IN_TURN.includes(how)) expect(new Set(old).size).toBe(2);
    let stop = false;
    let calls = 0;
    const seen = new Set<number>();
    const load = clients.map(async (one) => {
      while (!stop || calls < MIN_CALLS) {
        const answers = await Promise.all(Array.from({ length: IN_PROGRESS }, () => one.callRemote(Process)));
        for (const { pid } of answers) seen.add(pid);
        calls += answers.length;
        await delay(PAUSE_MS);
      }
    });
    await replace();
    seen.clear();
    while (seen.size === 0) await new Promise(setImmediate);
    stop = true;
    await Promise.all(load);
    expect(old.filter((pid) => seen.has(pid))).toEqual([]);
  },
  60_000,
);

test.each(["cluster-rr", "cluster-none"])(
  "a process killed by SIGKILL fails its calls in progress once, and no idempotent one: %s",
  async (how) => {
    const { client } = await started(how);
    await killDuringCalls(Array.from({ length: CLIENTS }, client));
  },
  60_000,
);
