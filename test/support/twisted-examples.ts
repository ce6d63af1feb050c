/** The example server and client of Twisted's documentation, unchanged. They use port 1234 only. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { setTimeout as delay } from "node:timers/promises";
import { onTestFinished } from "vitest";
import { describeWith, type Need } from "./needs.ts";
import { python, TWISTED } from "./twisted.ts";

const EXAMPLE_PORT = 1234;

/** The folder where `scripts/setup.mjs` puts them; undefined if they are missing. */
export const examplesFolder = [
  "/usr/share/doc/twisted-doc/examples",
  "node_modules/.cache/twisted-doc/usr/share/doc/twisted-doc/examples",
].find((candidate) => existsSync(join(candidate, "ampclient.py")));

const EXAMPLES: Need = {
  what: "Twisted's examples",
  there: () => examplesFolder !== undefined,
  missing: "Twisted's examples are not there; Debian has them in the package twisted-doc",
};

/** Runs the tests if the examples and Twisted are installed. */
export function describeWithTwistedExamples(name: string, tests: () => void): void {
  describeWith([TWISTED, EXAMPLES], name, tests);
}

/** Starts the server until the end of the test. Resolves when it listens. */
export async function exampleServer(): Promise<void> {
  await portFree();
  const child = start("ampserver.py");
  while (!(await answers())) await delay(50);
  if (child.exitCode !== null) throw new Error("ampserver.py has ended");
}

/** @returns the client's output, when it has exited */
export async function exampleClient(): Promise<string> {
  const child = start("ampclient.py");
  const [said] = await Promise.all([text(child.stdout), once(child, "close")]);
  return said;
}

/** Another run of the same tests may use the port for a while. */
export async function portFree(): Promise<void> {
  for (let waited = 0; await answers(); waited += 100) {
    if (waited > 10_000)
      throw new Error(`port ${EXAMPLE_PORT} is in use, and the examples have no other port`);
    await delay(100);
  }
}

function start(program: string) {
  const child = spawn(python, ["-B", join(examplesFolder ?? "", program)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  onTestFinished(() => ended(child));
  return child;
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill("SIGKILL");
  await once(child, "close");
}

function answers(): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(EXAMPLE_PORT, "127.0.0.1");
    socket.on("error", () => resolve(false));
    socket.on("connect", () => {
      socket.destroy();
      resolve(true);
    });
  });
}
