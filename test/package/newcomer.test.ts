/**
 * First use of the package: the tarball is installed in an empty folder, and its command is used. test/docs runs the programs
 * of the README, and typescript.test.ts compiles them.
 */
import { execFileSync, spawn } from "node:child_process";
import { createServer } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type InstalledPackage, installedPackage } from "../support/installed-package.ts";

let installed: InstalledPackage;
let folder: string;

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
