/** Follows the tutorial in an empty folder: saves its files, runs its commands, and compares the output. */
import { readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { describeWithChromium } from "../support/chromium.ts";
import { type InstalledPackage, installedPackage } from "../support/installed-package.ts";
import { Terminal } from "../support/terminals.ts";
import { finishedFiles, type Step, tutorial } from "./tutorial.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
/** Ports of the pages. The tests use free ones. */
const PORTS = ["4000", "4080"];

let installed: InstalledPackage;
let terminals: ReadonlyMap<string, Terminal>;
let ports: readonly string[];

beforeAll(async () => {
  installed = await installedPackage();
  terminals = new Map(["terminal 1", "terminal 2"].map((name) => [name, new Terminal(installed.folder)]));
  ports = await Promise.all(PORTS.map(freePort));
}, 120_000);

afterAll(async () => {
  for (const terminal of terminals.values()) await terminal.stop();
  installed.remove();
});

describe("the tutorial", () => {
  test.each(tutorial())(
    "the commands of docs/tutorial/$name print the output that it shows",
    async ({ steps }) => {
      expect(steps.length).toBeGreaterThan(2);
      for (const step of steps) await follow(step);
      expect(await terminals.get("terminal 2")?.finish()).toBe("");
    },
    60_000,
  );

  describeWithChromium("in a browser", (open) => {
    // The web server of step 6 runs until the end: step 7 uses the other terminal.
    test("the page of the tutorial shows the progress and the result", async () => {
      const page = await open();
      await page.goto(withFreePorts("http://127.0.0.1:4080"));
      await page.click("button");
      await page.locator("output", { hasText: "9592 primes" }).waitFor();
      expect(await page.locator("progress").getAttribute("value")).toBe("100");
    });
  });
});

test("examples/jobs has the files that the tutorial ends with", () => {
  const folder = join(root, "examples/jobs");
  const files = readdirSync(folder).filter((name) => name !== "README.md");
  const saved = files.map((name): [string, string] => [name, readFileSync(join(folder, name), "utf8")]);
  expect(new Map(saved)).toEqual(new Map([...finishedFiles()].sort()));
});

async function follow(step: Step): Promise<void> {
  if (step.kind === "file") writeFileSync(join(installed.folder, step.name), withFreePorts(step.text));
  if (step.kind === "install") for (const name of step.packages) install(name);
  if (step.kind === "run") await run(terminalOf(step.terminal), step);
  if (step.kind === "output") {
    const expected = withFreePorts(step.text);
    expect(await terminalOf(step.terminal).read(expected)).toBe(expected);
  }
}

/** A server runs in the first terminal, until the next command. The programs of the second terminal end by themselves. */
async function run(terminal: Terminal, { terminal: name, text }: { terminal: string; text: string }) {
  expect(await (name === "terminal 1" ? terminal.stop() : terminal.finish())).toBe("");
  // The same program, without the time that npx takes to find it.
  terminal.start(withFreePorts(text.replaceAll("npx ampwire", "node_modules/.bin/ampwire")));
}

function terminalOf(name: string): Terminal {
  const terminal = terminals.get(name);
  if (terminal === undefined) throw new Error(`the tutorial has no ${name}`);
  return terminal;
}

/** Makes a package of the repository available in the folder. */
function install(name: string): void {
  symlinkSync(join(root, "node_modules", name), join(installed.folder, "node_modules", name));
}

function withFreePorts(text: string): string {
  return PORTS.reduce((result, port, index) => result.replaceAll(port, ports[index] ?? port), text);
}

function freePort(): Promise<string> {
  const server = createServer();
  return new Promise((resolve) => {
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      const port = typeof address === "object" && address !== null ? address.port : 0;
      server.close(() => resolve(String(port)));
    });
  });
}
