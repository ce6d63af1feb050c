/** docs/migrating-from-twisted.md names everything that is public in `twisted.protocols.amp`, and its links lead somewhere. */
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { describeWithTwisted } from "../support/twisted.ts";

const page = new URL("../../docs/migrating-from-twisted.md", import.meta.url);
const rows = readFileSync(page, "utf8")
  .split("\n")
  .filter((line) => line.startsWith("| `") || line.startsWith("| sub"))
  .map((line) => line.split("|").map((cell) => cell.trim()));

/** What the module defines itself, and does not begin with an underscore. */
const PUBLIC_NAMES = `
import types
from twisted.protocols import amp
for name, value in vars(amp).items():
    if name.startswith("_") or isinstance(value, types.ModuleType):
        continue
    if getattr(value, "__module__", "twisted.protocols.amp") == "twisted.protocols.amp":
        print(name)
`;
/** Imported by the module or left over from its own making: nobody's interface. */
const NOT_ITS_OWN = new Set([
  "log",
  "ssl",
  "annotations",
  "CONNECTION_LOST",
  "PeerVerifyError",
  "defaultCertificate",
]);

describe("the table of features", () => {
  test("has no empty cell", () => {
    expect(rows.length).toBeGreaterThan(40);
    for (const [, twisted, ours, held] of rows) expect([twisted, ours, held]).not.toContain("");
  });

  test("links to tests that are there", () => {
    for (const [, , , held = ""] of rows) {
      const target = /\((.*)\)/.exec(held)?.[1] ?? "";
      expect(existsSync(new URL(target, page)), target).toBe(true);
    }
  });
});

describeWithTwisted("the live Twisted", () => {
  test("has no public name that is missing in the table", () => {
    const python = process.env.AMPWIRE_PYTHON || "/usr/bin/python3";
    const names = execFileSync(python, ["-c", PUBLIC_NAMES], { encoding: "utf8" }).trim().split("\n");
    const listed = new Set(
      rows.flatMap(([, twisted = ""]) => [...twisted.matchAll(/`(\w+)/g)].map(([, name]) => name)),
    );
    expect(names.filter((name) => !listed.has(name) && !NOT_ITS_OWN.has(name))).toEqual([]);
  });
});
