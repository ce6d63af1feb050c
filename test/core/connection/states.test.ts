/** The tables of `states.ts`: complete, consistent, and printed in ARCHITECTURE.md. */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import {
  mayFail,
  next,
  PHASES,
  RULES,
  type State,
  TRANSITIONS,
  type Transition,
} from "../../../src/core/connection/states.ts";

const STATES = Object.keys(TRANSITIONS) as State[];
const NAMES: Transition[] = [
  "upgrade",
  "switch",
  "upgraded",
  "handedOver",
  "refused",
  "close",
  "finished",
  "fail",
];

describe("the transitions", () => {
  test("every state has exactly these transitions", () => {
    const table = STATES.map((state) => `${state}: ${Object.entries(TRANSITIONS[state]).flat().join(" ")}`);
    expect(table).toEqual([
      "open: upgrade upgrading switch switching close closing fail closed",
      "upgrading: upgraded open refused open fail closed",
      "switching: handedOver switched refused open fail closed",
      "switched: ",
      "closing: finished closed fail closed",
      "closed: ",
    ]);
  });

  test.each(STATES.flatMap((state) => NAMES.map((name) => [state, name] as const)))(
    "the transition from %s by %s is in the table or throws",
    (state, name) => {
      const to = TRANSITIONS[state][name];
      if (to === undefined) expect(() => next(state, name)).toThrow(`${state} cannot ${name}`);
      else expect(next(state, name)).toBe(to);
    },
  );

  test("every state in which AMP has not ended may fail", () => {
    expect(STATES.filter((state) => !mayFail(state))).toEqual(["switched", "closed"]);
  });

  test("every state can be reached", () => {
    const reached = new Set<State>(["open"]);
    for (const state of reached) for (const to of Object.values(TRANSITIONS[state])) reached.add(to);
    expect([...reached].sort()).toEqual([...STATES].sort());
  });
});

describe("the rules", () => {
  test("there are rules for every state and for no other", () => {
    expect(Object.keys(RULES)).toEqual(STATES);
  });

  test("no state accepts calls and drops boxes", () => {
    for (const rules of Object.values(RULES)) expect(rules.calls && rules.output === "dropped").toBe(false);
  });

  test("nothing is read or sent after AMP has ended", () => {
    for (const state of ["switched", "closed"] as const)
      expect(RULES[state]).toEqual({ reads: false, output: "dropped", calls: false });
  });

  test("a protocol change holds boxes, and reads only until it is answered", () => {
    for (const state of ["upgrading", "switching"] as const)
      expect(RULES[state]).toEqual({ reads: true, output: "held", calls: true });
    expect(Object.entries(PHASES).map(([phase, { reads }]) => [phase, reads])).toEqual([
      ["asked", true],
      ["answering", false],
      ["performing", false],
    ]);
  });
});

test("ARCHITECTURE.md prints the state table", () => {
  const page = readFileSync(new URL("../../../ARCHITECTURE.md", import.meta.url), "utf8");
  for (const state of STATES) {
    const row = page.split("\n").find((line) => line.startsWith(`| \`${state}\` |`)) ?? "";
    const [, , goesTo = ""] = row.split("|");
    const named = STATES.filter((other) => goesTo.includes(`\`${other}\``));
    const targets = new Set(Object.values(TRANSITIONS[state]));
    expect([state, named.sort()]).toEqual([state, [...targets].sort()]);
  }
});
