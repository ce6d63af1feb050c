/** The workers of a cluster at a UNIX socket whose file a killed process has left. */
import { spawn, spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { createInterface } from "node:readline";
import { command, integer } from "ampwire";
import { connect } from "ampwire/node";
import { expect, onTestFinished, test } from "vitest";
import { tidy } from "../support/loopback.ts";
import { nodeProgram } from "../support/node-program.ts";
import { unixPlace } from "../support/unix-place.ts";
import { within } from "../support/within.ts";

const Process = command("Process", { response: { pid: integer() } });

test.each(["rr", "none"])(
  "all workers of a cluster that start together listen at a UNIX socket with a stale file: %s",
  async (policy) => {
    const path = unixPlace();
    const leave = `require("net").createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, "SIGKILL"))`;
    spawnSync(process.execPath, ["-e", leave]);
    expect(existsSync(path)).toBe(true);
    const child = spawn(process.execPath, [await nodeProgram("cluster-path"), path, "4", policy], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    onTestFinished(() => void child.kill("SIGKILL")); // its workers end when their channel is closed
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    for (let i = 0; i < 4; i++)
      expect((await within(lines.next(), "a worker to report")).value).toBe("listening");
    const client = await connect({ path });
    tidy(client);
    expect((await client.callRemote(Process)).pid).toBeGreaterThan(0);
  },
);
