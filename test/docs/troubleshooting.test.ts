/** Checks that docs/troubleshooting.md lists exactly the `code`s of the exported errors, each with a fix. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import * as core from "../../src/index.ts";
import * as nats from "../../src/nats/index.ts";
import * as node from "../../src/node/index.ts";

const page = readFileSync(new URL("../../docs/troubleshooting.md", import.meta.url), "utf8");

test("docs/troubleshooting.md lists every error code and no other", () => {
  const errors = Object.values({ ...core, ...node, ...nats }).filter(
    (value) => typeof value === "function" && value.prototype instanceof core.AmpError,
  );
  const codes = errors.map((error) =>
    String(Reflect.get((error as { prototype: object }).prototype, "code")),
  );
  const listed = [...page.matchAll(/^\| `([A-Z_]+)` \|/gm)].map(([, code]) => code);
  expect(listed.sort()).toEqual([...new Set(codes)].sort());
});

test("docs/troubleshooting.md gives a cause and a fix for every error code", () => {
  const rows = page.split("\n").filter((line) => /^\| `[A-Z_]+` \|/.test(line));
  const incomplete = rows.filter((row) => row.split(" | ").filter((cell) => /\w{3}/.test(cell)).length !== 3);
  expect(incomplete).toEqual([]);
});
