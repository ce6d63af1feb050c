/** Checks that the diagrams of the pages are those that docs/generate/diagrams.mjs draws from the code. */
import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
// biome-ignore lint/correctness/useImportExtensions: a program in JavaScript, whose types are in a file of their own
import { diagrams } from "../../docs/generate/diagrams.mjs";
import { STATES } from "../../src/core/connection/states.ts";
import { encodeBox } from "../../src/index.ts";

const folder = new URL("../../docs/diagrams/", import.meta.url);

test("docs/diagrams has the diagrams that the code draws: run node docs/generate/diagrams.mjs", () => {
  const saved = readdirSync(folder).map((name): [string, string] => [
    name,
    readFileSync(new URL(name, folder), "utf8"),
  ]);
  expect(Object.fromEntries(saved)).toEqual(diagrams(STATES, encodeBox));
});

test("the diagram of the states shows every state and every transition", () => {
  const drawing = diagrams(STATES, encodeBox)["states.svg"] ?? "";
  const texts = [...drawing.matchAll(/<text[^>]*>([^<]*)</g)].map(([, text]) => text);
  const transitions = Object.values(STATES).flatMap(({ next }) => Object.keys(next));
  expect(texts).toEqual(expect.arrayContaining(Object.keys(STATES)));
  expect(texts).toEqual(expect.arrayContaining(transitions.filter((name) => name !== "fail")));
});

test("the diagrams have colors for a dark theme", () => {
  for (const drawing of Object.values(diagrams(STATES, encodeBox))) {
    expect(drawing).toContain("@media (prefers-color-scheme: dark)");
  }
});
