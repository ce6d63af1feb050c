/** Rules for imports. The compiler checks that the core uses no types of Node or the DOM. */
import { describe, expect, test } from "vitest";
import { type Import, importsOf, sources, textOf } from "./support/sources.ts";

/**
 * The folders of `src/`, and the folders that each may import besides itself. A file directly in `core/` counts as a folder.
 * A folder may import only folders above it in this list. Imports of types count like all others.
 */
const BASE = [
  "core/errors",
  "core/number-option",
  "core/option-names",
  "core/option-types",
  "core/platform",
  "core/transport",
];
const TO_WIRE = ["core/wire", ...BASE];
const TO_COMMAND = ["core/command", "core/schema", ...TO_WIRE];
const TO_CALLS = ["core/calls", "core/observer", "core/time-limit", ...TO_COMMAND];
const TO_CONNECTION = ["core/connection", "core/serving", ...TO_CALLS];

const RULES: Readonly<Record<string, readonly string[]>> = {
  "core/errors": [],
  "core/number-option": ["core/errors"],
  "core/option-names": ["core/errors"],
  "core/option-types": ["core/errors"],
  "core/platform": [],
  "core/transport": [],
  "core/platform-clock": ["core/transport"],
  "core/time-limit": ["core/errors", "core/platform", "core/transport"],
  "core/wire": BASE,
  "core/schema": TO_WIRE,
  "core/arguments": ["core/schema", ...TO_WIRE, "decimal.js", "temporal-polyfill"],
  "core/command": ["core/schema", ...TO_WIRE],
  "core/observer": ["core/command", "core/transport"],
  "core/calls": ["core/observer", "core/time-limit", ...TO_COMMAND],
  "core/serving": TO_CALLS,
  "core/connection": ["core/serving", ...TO_CALLS],
  "core/features": ["core/arguments", ...TO_CONNECTION],
  "core/carriers": TO_CONNECTION,
  "core/complete-connection": ["core/features", ...TO_CONNECTION],
  "core/reconnecting": ["core/connection", ...TO_CALLS],
  index: ["core/*"],
  node: ["core/*", "node:*", "@peculiar/x509", "reflect-metadata", "koffi"],
  websocket: ["core/*"],
  nats: ["core/*", "@nats-io/nats-core"],
  testing: ["core/*"],
  cli: ["index", "core/*", "node", "websocket", "nats", "node:*", "jiti", "@nats-io/transport-node"],
};

const paths = sources();
const imports = paths.flatMap(importsOf);

/** Returns the folder of a source: `core/wire` for `core/wire/box.ts`, `core/transport` for `core/transport.ts`. */
function folderOf(path: string): string {
  const [first = "", second = ""] = path.replace(/\.ts$/, "").split("/");
  return first === "core" ? `core/${second}` : first;
}

function targetOf({ to }: Import): string {
  return to.endsWith(".ts") ? folderOf(to) : to;
}

function allowed(folder: string, target: string): boolean {
  return (RULES[folder] ?? []).some((rule) =>
    rule.endsWith("*") ? target.startsWith(rule.slice(0, -1)) : rule === target,
  );
}

describe("folders", () => {
  test("every source is in a folder that has rules", () => {
    expect(paths.filter((path) => RULES[folderOf(path)] === undefined)).toEqual([]);
  });

  test.each(Object.keys(RULES))("%s imports only the folders that its rules allow", (folder) => {
    const wrong = imports
      .filter(({ from }) => folderOf(from) === folder)
      .filter((one) => targetOf(one) !== folder && !allowed(folder, targetOf(one)));
    expect(wrong.map(({ from, to }) => `${from} -> ${to}`)).toEqual([]);
  });

  test("the rules of a folder name only folders before it", () => {
    const order = Object.keys(RULES);
    for (const [folder, rules] of Object.entries(RULES)) {
      for (const rule of rules) {
        const index = order.indexOf(rule);
        if (index >= 0) expect([folder, rule, index < order.indexOf(folder)]).toEqual([folder, rule, true]);
      }
    }
  });
});

describe("sources", () => {
  test("no source imports itself through others, not even for types", () => {
    const targets = new Map(paths.map((path) => [path, new Set<string>()]));
    for (const { from, to } of imports) targets.get(from)?.add(to);
    expect(circle(targets)).toEqual([]);
  });

  test("in the core only protocol changes import the errors of TLS", () => {
    const wrong = imports.filter(
      ({ from, to }) =>
        to === "core/errors/tls.ts" &&
        from.startsWith("core/") &&
        !from.startsWith("core/features/protocol-change/"),
    );
    expect(wrong.map(({ from }) => from)).toEqual([]);
  });

  test("no source imports createRequire by name: webpack follows it, and warns about koffi and about paths", () => {
    const byName = paths.filter((path) => /import\s*\{[^}]*\bcreateRequire\b/.test(textOf(path)));
    expect(byName).toEqual([]);
    const asMember = paths.filter((path) => textOf(path).includes("nodeModule.createRequire("));
    expect(asMember).toContain("node/descriptors/libc.ts");
  });

  test("no source except the CLI imports an entry point", () => {
    const entryPoints = new Set([
      "index.ts",
      "node/index.ts",
      "websocket/index.ts",
      "websocket/client/index.ts",
      "nats/index.ts",
      "testing/index.ts",
    ]);
    const wrong = imports.filter(({ from, to }) => entryPoints.has(to) && !from.startsWith("cli/"));
    expect(wrong.map(({ from, to }) => `${from} -> ${to}`)).toEqual([]);
  });
});

/** Returns one circle of imports, or an empty array. */
function circle(targets: ReadonlyMap<string, ReadonlySet<string>>): string[] {
  const done = new Set<string>();
  const visit = (path: string, way: readonly string[]): string[] => {
    if (way.includes(path)) return [...way.slice(way.indexOf(path)), path];
    if (done.has(path)) return [];
    for (const target of targets.get(path) ?? []) {
      const found = visit(target, [...way, path]);
      if (found.length > 0) return found;
    }
    done.add(path);
    return [];
  };
  for (const path of targets.keys()) {
    const found = visit(path, []);
    if (found.length > 0) return found;
  }
  return [];
}
