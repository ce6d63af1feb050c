/** Which way imports point. The compiler holds the rest: the core has neither Node's nor the DOM's types. */
import { describe, expect, test } from "vitest";
import { type Import, importsOf, sources } from "./support/sources.ts";

/**
 * The folders of `src/` in order, and what each may import besides itself. A folder may import only folders above it in
 * this list. Imports of types count like all others.
 */
const ERRORS_TO_TRANSPORT = ["core/errors", "core/platform", "core/transport"];
const TO_WIRE = ["core/wire", ...ERRORS_TO_TRANSPORT];
const TO_COMMAND = ["core/command", "core/schema", ...TO_WIRE];
const TO_CALLS = ["core/calls", "core/observer", ...TO_COMMAND];
const TO_CONNECTION = ["core/connection", "core/serving", ...TO_CALLS];

const RULES: Readonly<Record<string, readonly string[]>> = {
  "core/errors": [],
  "core/platform": [],
  "core/transport": [],
  "core/wire": ERRORS_TO_TRANSPORT,
  "core/schema": TO_WIRE,
  "core/arguments": ["core/schema", ...TO_WIRE, "decimal.js", "temporal-polyfill"],
  "core/command": ["core/schema", ...TO_WIRE],
  "core/observer": ["core/command", "core/transport"],
  "core/calls": ["core/observer", ...TO_COMMAND],
  "core/serving": TO_CALLS,
  "core/connection": ["core/serving", ...TO_CALLS],
  "core/features": ["core/arguments", ...TO_CONNECTION],
  "core/carriers": TO_CONNECTION,
  "core/complete-connection": ["core/features", ...TO_CONNECTION],
  "core/reconnecting": TO_CONNECTION,
  index: ["core/*"],
  node: ["core/*", "node:*", "@peculiar/x509", "reflect-metadata", "koffi"],
  websocket: ["core/*"],
  testing: ["core/*"],
  cli: ["index", "core/*", "node", "websocket", "node:*", "jiti"],
};

const paths = sources();
const imports = paths.flatMap(importsOf);

/** `core/wire/box.ts` is in `core/wire`, `core/transport.ts` is a room by itself. */
function roomOf(path: string): string {
  const [first = "", second = ""] = path.replace(/\.ts$/, "").split("/");
  return first === "core" ? `core/${second}` : first;
}

function targetOf({ to }: Import): string {
  return to.endsWith(".ts") ? roomOf(to) : to;
}

function allowed(room: string, target: string): boolean {
  return (RULES[room] ?? []).some((rule) =>
    rule.endsWith("*") ? target.startsWith(rule.slice(0, -1)) : rule === target,
  );
}

describe("the rooms", () => {
  test("of every source have rules", () => {
    expect(paths.filter((path) => RULES[roomOf(path)] === undefined)).toEqual([]);
  });

  test.each(Object.keys(RULES))("%s imports what it may", (room) => {
    const wrong = imports
      .filter(({ from }) => roomOf(from) === room)
      .filter((one) => targetOf(one) !== room && !allowed(room, targetOf(one)));
    expect(wrong.map(({ from, to }) => `${from} -> ${to}`)).toEqual([]);
  });

  test("stand in an order: each may import only rooms that stand before it", () => {
    const order = Object.keys(RULES);
    for (const [room, rules] of Object.entries(RULES)) {
      for (const rule of rules) {
        const index = order.indexOf(rule);
        if (index >= 0) expect([room, rule, index < order.indexOf(room)]).toEqual([room, rule, true]);
      }
    }
  });
});

describe("the sources", () => {
  /**
   * Types alone may refer to each other within a room, and do: a command names its responders, these their context,
   * that the connection, and the connection commands. Nothing of it is left when the program runs.
   */
  test("do not import each other in a circle, types aside", () => {
    const targets = new Map(paths.map((path) => [path, new Set<string>()]));
    for (const { from, to, typeOnly } of imports) if (!typeOnly) targets.get(from)?.add(to);
    expect(circle(targets)).toEqual([]);
  });

  test("import no door: those are for programs", () => {
    const doors = new Set([
      "index.ts",
      "node/index.ts",
      "websocket/index.ts",
      "websocket/client/index.ts",
      "testing/index.ts",
    ]);
    const wrong = imports.filter(({ from, to }) => doors.has(to) && !from.startsWith("cli/"));
    expect(wrong.map(({ from, to }) => `${from} -> ${to}`)).toEqual([]);
  });
});

/** Some circle of imports, or none. */
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
