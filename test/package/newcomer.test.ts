/**
 * First use of the package: the tarball is installed in an empty folder, and the two programs of the README are checked as
 * TypeScript under `strict`. test/docs/followed-pages.test.ts runs them.
 */
import { execFileSync, spawn } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type InstalledPackage, installedPackage } from "../support/installed-package.ts";

const root = new URL("../../", import.meta.url).pathname;
let installed: InstalledPackage;
let folder: string;

function program(name: string): string {
  const readme = readFileSync(join(root, "README.md"), "utf8");
  const code = new RegExp(`^\`\`\`js ${name}\\.mjs\\n(.*?)^\`\`\``, "ms").exec(readme)?.[1] ?? "";
  expect(code).toContain("1234");
  return code;
}

function freePort(): Promise<number> {
  const server = createServer();
  return new Promise((resolve) => {
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" && address !== null ? address.port : 0));
    });
  });
}

beforeAll(async () => {
  installed = await installedPackage();
  folder = installed.folder;
}, 120_000);

afterAll(() => installed.remove());

describe("the installed package", () => {
  test("the tarball contains dist, types, README, LICENSE and CHANGELOG, and no other large files", () => {
    const { packed } = installed;
    expect(packed).toEqual(expect.arrayContaining(["README.md", "LICENSE", "CHANGELOG.md", "package.json"]));
    expect(packed).toEqual(
      expect.arrayContaining(["dist/index.js", "dist/index.d.ts", "dist/node/index.js"]),
    );
    const others = packed.filter((path) => !path.startsWith("dist/") && !/^[A-Z]+(\.md)?$/.test(path));
    expect(others.filter((path) => path !== "package.json" && !path.startsWith("wireshark/"))).toEqual([]);
  });

  test("the installed command ampwire serves and calls", async () => {
    const port = await freePort();
    const bin = join(folder, "node_modules", ".bin", "ampwire");
    const server = spawn(bin, ["serve", "--demo", "--listen", `tcp://127.0.0.1:${port}`], {
      stdio: "ignore",
    });
    try {
      await listening(port);
      const words = ["call", `tcp://127.0.0.1:${port}`, "Sum", "a=13", "b=81"];
      expect(execFileSync(bin, words, { encoding: "utf8" })).toBe("total=94\n");
    } finally {
      server.kill();
    }
  });

  test("the README's programs compile under strict", () => {
    for (const name of ["server", "client"])
      writeFileSync(join(folder, `${name}.ts`), `${program(name)}\nexport {};\n`);
    const compilerOptions = {
      strict: true,
      exactOptionalPropertyTypes: true,
      noEmit: true,
      skipDefaultLibCheck: true, // the libraries of TypeScript itself
      target: "ES2022",
      module: "NodeNext",
      types: ["node"],
    };
    writeFileSync(
      join(folder, "tsconfig.json"),
      JSON.stringify({ compilerOptions, files: ["server.ts", "client.ts"] }),
    );
    const tsc = join(root, "node_modules/typescript/bin/tsc");
    expect(() => execFileSync(process.execPath, [tsc, "-p", folder], { encoding: "utf8" })).not.toThrow();
  }, 60_000);
});

/** Waits until a server accepts connections on the port. */
async function listening(port: number): Promise<void> {
  const { connect } = await import("node:net");
  for (;;) {
    const answered = await new Promise<boolean>((resolve) => {
      const socket = connect(port, "127.0.0.1", () => resolve(true));
      socket.on("error", () => resolve(false));
      socket.on("connect", () => socket.destroy());
    });
    if (answered) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
