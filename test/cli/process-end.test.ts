/** The end of the process: it does not wait for what a module of the user keeps open, nor for a reader of a server's output. */
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { command, integer } from "ampwire";
import { reconnecting } from "ampwire/node";
import { describe, expect, onTestFinished, test } from "vitest";
import { builtCommand } from "../support/built.ts";
import { scratchPath } from "../support/tls-side.ts";
import { startCommand } from "./command-process.ts";

/** A module that keeps its process alive, as a connection to a database does. */
const BUSY = scratchPath("busy.mjs");
writeFileSync(
  BUSY,
  `import { command } from "ampwire";
setInterval(() => {}, 1_000_000);
export const Wait = command("Wait");
export const wait = Wait.responder(() => new Promise(() => console.error("waiting")));
`,
);

describe("a module that keeps the process alive", () => {
  test("a server ends after --close-timeout", async () => {
    const server = await startCommand(
      "serve",
      BUSY,
      "--listen",
      "tcp://127.0.0.1:0",
      "--close-timeout",
      "0.05",
    );
    const [, at = ""] = await server.output(/^listening on (.*)$/m);
    const call = await startCommand("call", at, "Wait");
    await server.errors(/^waiting$/m);
    server.signal("SIGTERM");
    expect(await server.exited).toBe(0);
    expect(await call.exited).toBe(1);
  });

  test("export ends when it has written the commands", async () => {
    const run = await startCommand("export", BUSY);
    expect(await run.exited).toBe(0);
    expect(run.stdout).toContain("class Wait(amp.Command):");
  });

  test("a call ends when it has failed", async () => {
    const run = await startCommand("call", "tcp://127.0.0.1:1", "Wait", "--schema", BUSY);
    expect(await run.exited).toBe(1);
    expect(run.stderr).toContain("ECONNREFUSED");
  });
});

describe("standard output without a reader", () => {
  test("a server continues", async () => {
    const path = scratchPath("unread.sock");
    const args = [await builtCommand(), "serve", "--demo", "--listen", `unix:${path}`];
    const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
    onTestFinished(() => void child.kill("SIGKILL"));
    const exited = once(child, "close");
    child.stdout.destroy();
    const Sum = command("Sum", { arguments: { a: integer(), b: integer() }, response: { total: integer() } });
    await using client = reconnecting({ path, backoff: { initial: 10, max: 50 } });
    expect(await client.callRemote(Sum, { a: 13, b: 81 })).toEqual({ total: 94 });
    child.kill("SIGTERM");
    expect(await exited).toEqual([0, null]);
  });

  test("decode ends without an error when its reader ends", async () => {
    const box = "00045f61736b00013100085f636f6d6d616e64000450696e670000";
    const { status, stdout, stderr } = spawnSync(
      "bash",
      [
        "-c",
        `"$0" "$1" decode --hex | head -n 1; exit "\${PIPESTATUS[0]}"`,
        process.execPath,
        await builtCommand(),
      ],
      { input: `${box}\n`.repeat(50_000), encoding: "utf8" },
    );
    expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: "@0 asks Ping [1]\n", stderr: "" });
  });
});
