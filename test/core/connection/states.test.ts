/** The state table of `states.ts`: complete, consistent, and equal to the one in ARCHITECTURE.md. */
import { describe, expect, test } from "vitest";
// biome-ignore lint/correctness/useImportExtensions: a program in JavaScript, whose types are in a file of their own
import { printedTable, publicNames, statesTable } from "../../../scripts/states-table.mjs";
import {
  isUpgradeCertain,
  next,
  publicState,
  STATES,
  type State,
  type Transition,
} from "../../../src/core/connection/states.ts";

const NAMES = Object.keys(STATES) as State[];
const TRANSITIONS: Transition[] = [
  "ask",
  "asked",
  "answered",
  "refused",
  "agreed",
  "declined",
  "upgraded",
  "handedOver",
  "close",
  "graceOver",
  "finished",
  "fail",
];

describe("transitions", () => {
  test("every state has exactly these transitions", () => {
    const table = NAMES.map((state) => `${state}: ${Object.entries(STATES[state].next).flat().join(" ")}`);
    expect(table).toEqual([
      "open: ask asked asked answering close closing fail closed",
      "asked: answered performing refused open fail closed",
      "answering: agreed performing declined open fail closed",
      "performing: upgraded open handedOver switched fail closed",
      "closing: graceOver finishing finished closed fail closed",
      "finishing: finished closed fail closed",
      "closed: ",
      "switched: ",
    ]);
  });

  test.each(NAMES.flatMap((state) => TRANSITIONS.map((name) => [state, name] as const)))(
    "the transition from %s by %s is in the table or throws",
    (state, name) => {
      const to = STATES[state].next[name];
      if (to === undefined) expect(() => next(state, name)).toThrow(`${state} cannot ${name}`);
      else expect(next(state, name)).toBe(to);
    },
  );

  test("every state in which AMP has not ended can fail", () => {
    expect(NAMES.filter((state) => STATES[state].next.fail === undefined)).toEqual(["closed", "switched"]);
  });

  test("every state can be reached from open", () => {
    const reached = new Set<State>(["open"]);
    for (const state of reached) for (const to of Object.values(STATES[state].next)) reached.add(to);
    expect([...reached].sort()).toEqual([...NAMES].sort());
  });
});

describe("rules of the states", () => {
  test("no state accepts calls that can never be sent", () => {
    for (const { boxes, calls } of Object.values(STATES)) expect(calls && boxes === "dropped").toBe(false);
  });

  test("a state in which AMP has ended neither reads nor sends", () => {
    for (const state of ["switched", "closed"] as const)
      expect(STATES[state]).toEqual({ reads: false, boxes: "dropped", calls: false, next: {} });
  });

  test("a protocol change queues boxes, and reads only until it is answered", () => {
    const change = ["asked", "answering", "performing"] as const;
    expect(change.map((state) => [STATES[state].boxes, STATES[state].reads])).toEqual([
      ["queued", true],
      ["queued", false],
      ["queued", false],
    ]);
  });

  test("an upgrade is certain once this end has asked or agreed, and a switch never is", () => {
    expect(NAMES.filter((state) => isUpgradeCertain(state, "upgrading"))).toEqual(["asked", "performing"]);
    expect(NAMES.filter((state) => isUpgradeCertain(state, "switching"))).toEqual([]);
  });

  test("the public states are six", () => {
    const seen = new Set(
      NAMES.flatMap((state) => [publicState(state, "upgrading"), publicState(state, "switching")]),
    );
    expect([...seen].sort()).toEqual(["closed", "closing", "open", "switched", "switching", "upgrading"]);
  });
});

test("ARCHITECTURE.md prints the table of the code", () => {
  expect(printedTable()).toBe(statesTable(STATES, (state) => publicNames(state, publicState)));
});
