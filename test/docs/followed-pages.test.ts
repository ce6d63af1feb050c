/** Follows the tutorial and guides in an empty folder: saves their files, runs their commands, and compares the output. */
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { PrivateCertificate } from "ampwire/node";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { describeWithChromium } from "../support/chromium.ts";
import { type InstalledPackage, installedPackage } from "../support/installed-package.ts";
import { describeWithNats, natsServer } from "../support/nats-server.ts";
import { Terminal } from "../support/terminals.ts";
import { describeWithTwisted, python } from "../support/twisted.ts";
import { needsCertificates } from "./blocks.ts";
import { blocksAlone, finishedFiles, followedGuides, type Step, tutorial } from "./followed-pages.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
/** Ports of the pages. The tests use free ones. */
const PORTS = ["4000", "4001", "4080", "1234", "4222"];
/** Servers and proxies run in these terminals until the next command. Programs in the others end by themselves. */
const isServer = (terminal: string) => /^terminal 1$|\((server|proxy)\)$/.test(terminal);

/** Node 20 cannot run TypeScript, so the programs are compiled first. */
const TYPESCRIPT = `${join(root, "node_modules/.bin/esbuild")} $1.ts --bundle --platform=node --format=esm --packages=external --log-level=error --outfile=$1.compiled.mjs && exec node $1.compiled.mjs`;

let installed: InstalledPackage;
let ports: readonly string[];

beforeAll(async () => {
  installed = await installedPackage();
  ports = await Promise.all(PORTS.map(freePort));
}, 120_000);

afterAll(() => installed.remove());

/** A folder with the files of a page, and its terminals. */
class Desk {
  readonly folder: string;
  readonly #terminals = new Map<string, Terminal>();

  constructor(folder: string) {
    this.folder = folder;
  }

  async follow(steps: readonly Step[]): Promise<void> {
    for (const step of steps) {
      if (step.kind === "file") this.#save(step.name, withFreePorts(step.text));
      if (step.kind === "install") for (const name of step.packages) this.#install(name);
      if (step.kind === "run") await this.#run(step.terminal, step.text);
      if (step.kind === "output") {
        const expected = withFreePorts(step.text).trimEnd();
        const found = await this.#terminal(step.terminal).read(expected.split("\n").length);
        expect(withoutTimes(found)).toBe(withoutTimes(expected));
      }
    }
    for (const [name, terminal] of this.#terminals) {
      if (!isServer(name)) expect(await terminal.finish()).toBe("");
    }
  }

  async stop(): Promise<void> {
    for (const terminal of this.#terminals.values()) await terminal.stop();
  }

  async #run(name: string, text: string): Promise<void> {
    const terminal = this.#terminal(name);
    expect(await (isServer(name) ? terminal.stop() : terminal.finish())).toBe("");
    // The same programs, without the time that npx takes to find them, and with the Python that has Twisted.
    const commands = text
      .replaceAll("npx ampwire", "node_modules/.bin/ampwire")
      .replace(/^python3 /gm, `${python} `)
      .replace(/^nats-server/gm, `${natsServer} -a 127.0.0.1`)
      .replace(/^node (\w+)\.ts/gm, TYPESCRIPT);
    terminal.start(withFreePorts(commands));
  }

  #terminal(name: string): Terminal {
    const terminal = this.#terminals.get(name) ?? new Terminal(this.folder);
    this.#terminals.set(name, terminal);
    return terminal;
  }

  #save(name: string, text: string): void {
    const path = join(this.folder, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  }

  /** Makes a package of the repository available in the folder. */
  #install(name: string): void {
    const target = join(this.folder, "node_modules", name);
    mkdirSync(dirname(target), { recursive: true });
    if (!existsSync(target)) symlinkSync(join(root, "node_modules", name), target);
  }
}

describe("the tutorial", () => {
  let desk: Desk;
  beforeAll(() => {
    desk = new Desk(installed.folder);
  });
  afterAll(() => desk.stop());

  test.each(tutorial())(
    "the commands of $name print the output that it shows",
    async ({ steps }) => {
      expect(steps.length).toBeGreaterThan(2);
      await desk.follow(steps);
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

  test("examples/jobs has the files that the tutorial ends with", () => {
    const folder = join(root, "examples/jobs");
    const files = readdirSync(folder).filter((name) => name.includes(".") && name !== "README.md");
    const saved = files.map((name): [string, string] => [name, readFileSync(join(folder, name), "utf8")]);
    expect(new Map(saved)).toEqual(new Map([...finishedFiles()].sort()));
  });
});

const guides = followedGuides();
const uses = (pattern: RegExp) => (page: { steps: readonly Step[] }) =>
  page.steps.some((step) =>
    step.kind === "file" ? pattern.test(step.name) : step.kind === "run" && pattern.test(step.text),
  );
const usesPython = uses(/\.py$|^python3 |ampwire import/m);
const usesNats = uses(/^nats-server/m);

/** Each page is followed in a folder of its own. */
function followGuides(pages: typeof guides): void {
  test.each(pages)("the commands of $name print the output that it shows", followGuide, 60_000);
}

describe("the guides", () => followGuides(guides.filter((page) => !usesPython(page) && !usesNats(page))));
describeWithTwisted("the guides with Twisted", () => followGuides(guides.filter(usesPython)));
describeWithNats("the guides with NATS", () => followGuides(guides.filter(usesNats)));

async function followGuide({ name, steps }: { name: string; steps: readonly Step[] }): Promise<void> {
  const desk = new Desk(emptyFolder(name));
  onTestFinished(() => desk.stop());
  if (needsCertificates(name)) await writeCertificates(desk.folder);
  await desk.follow(steps);
}

/** Writes the files that the commands of docs/starttls.md create. */
async function writeCertificates(folder: string): Promise<void> {
  const authority = await PrivateCertificate.authority({ commonName: "authority" });
  const server = await authority.issue({ commonName: "server", hostNames: ["calc.example"] });
  const alice = await authority.issue({ commonName: "alice" });
  const files = { "authority-key": authority, server, alice };
  writeFileSync(join(folder, "authority.pem"), authority.toPEM());
  for (const [name, certificate] of Object.entries(files)) {
    writeFileSync(join(folder, `${name}.pem`), certificate.toPEMWithKey());
  }
}

test.each(blocksAlone())(
  "the commands of $page, line $line, succeed in an empty folder",
  async ({ page, line, text }) => {
    const terminal = new Terminal(emptyFolder(`${page}-${line}`));
    onTestFinished(() => terminal.stop().then(() => {}));
    terminal.start(`set -e\n${text.replaceAll("npx ampwire", "node_modules/.bin/ampwire")}echo done`);
    expect((await terminal.finish()).trimEnd().split("\n").at(-1)).toBe("done");
  },
);

/** Returns a new folder in which the package is installed. */
function emptyFolder(name: string): string {
  const folder = join(installed.folder, name.replace(/\W/g, "-"));
  mkdirSync(folder);
  symlinkSync(join(installed.folder, "node_modules"), join(folder, "node_modules"));
  return folder;
}

/** Times and the ports of clients differ in every run. */
function withoutTimes(text: string): string {
  return text
    .replace(/\d\d:\d\d:\d\d\.\d{3}/g, "TIME")
    .replace(/\d+(\.\d+)? ms/g, "N ms")
    .replace(/from 127\.0\.0\.1:\d+/g, "from CLIENT");
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
