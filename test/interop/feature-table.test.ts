/** docs/migrating-from-twisted.md names every public name of `twisted.protocols.amp`, and its links have targets. */
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { describeWithTwisted } from "../support/twisted.ts";

const page = new URL("../../docs/migrating-from-twisted.md", import.meta.url);
const rows = readFileSync(page, "utf8")
  .split("\n")
  .filter((line) => line.startsWith("| `") || line.startsWith("| sub"))
  .map((line) => line.split("|").map((cell) => cell.trim()));

/** Python program that prints the names without an underscore that the module defines itself. */
const PUBLIC_NAMES = `
import types
from twisted.protocols import amp
for name, value in vars(amp).items():
    if name.startswith("_") or isinstance(value, types.ModuleType):
        continue
    if getattr(value, "__module__", "twisted.protocols.amp") == "twisted.protocols.amp":
        print(name)
`;
/** Names that the module imports or leaves over from its definition, and that are not part of its interface. */
const NOT_ITS_OWN = new Set([
  "log",
  "ssl",
  "annotations",
  "CONNECTION_LOST",
  "PeerVerifyError",
  "defaultCertificate",
]);

describe("the table of features", () => {
  test("the feature table has no empty cell", () => {
    expect(rows.length).toBeGreaterThan(40);
    for (const [, twisted, ours, held] of rows) expect([twisted, ours, held]).not.toContain("");
  });

  test("the feature table links to tests that exist", () => {
    for (const [, , , held = ""] of rows) {
      const target = /\((.*)\)/.exec(held)?.[1] ?? "";
      expect(existsSync(new URL(target, page)), target).toBe(true);
    }
  });
});

describeWithTwisted("the live Twisted", () => {
  test("the feature table lists every public name of the live Twisted", () => {
    const python = process.env.AMPWIRE_PYTHON || "/usr/bin/python3";
    const names = execFileSync(python, ["-c", PUBLIC_NAMES], { encoding: "utf8" }).trim().split("\n");
    const listed = new Set(
      rows.flatMap(([, twisted = ""]) => [...twisted.matchAll(/`(\w+)/g)].map(([, name]) => name)),
    );
    expect(names.filter((name) => !listed.has(name) && !NOT_ITS_OWN.has(name))).toEqual([]);
  });
});
