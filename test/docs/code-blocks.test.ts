/** Every code block of the documentation has a check, or a label with the reason why it has none. Prints the number of each. */
import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { type Block, blocksOf, checkedPages, reasonNotToRun } from "./blocks.ts";
import { followedGuides, stepsOf, tutorial } from "./followed-pages.ts";
import { isExcerpt, isInPageModule } from "./pages.ts";

const root = new URL("../../", import.meta.url);
const blocks = checkedPages().flatMap(blocksOf);
const followed = new Set([...tutorial(), ...followedGuides()].map(({ name }) => name));

/** Commands of the examples that are not programs of Node, each with a test that runs them. */
const RUN_ELSEWHERE = new Map([
  ["/usr/bin/python3 test/interop/twisted/peer.py server --port 1234", "test/support/twisted.ts"],
  ["/usr/bin/python3 /usr/share/doc/twisted-doc/examples/ampserver.py", "test/examples/calculator.test.ts"],
  ["/usr/bin/python3 /usr/share/doc/twisted-doc/examples/ampclient.py", "test/examples/calculator.test.ts"],
]);

const tests = readdirSync(new URL("test/examples/", root))
  .map((name) => readFileSync(new URL(`test/examples/${name}`, root), "utf8"))
  .join("\n");

/** Returns true for commands of an example that a test of the examples runs. */
function isRunByExamples({ page, language, label, text }: Block): boolean {
  if (!page.startsWith("examples/") || language !== "sh" || label !== "") return false;
  return text
    .trim()
    .split("\n")
    .every((line) => {
      const [, program] = /^node examples\/(\S+)/.exec(line) ?? [];
      if (program !== undefined)
        return [`"${program}"`, `examples/${program}"`].some((text) => tests.includes(text));
      return /^npm (ci|run build)$/.test(line) || RUN_ELSEWHERE.has(line);
    });
}

/** The reasons why a block is not run, with the number of blocks. Run a new block if you can, instead of adding it here. */
const REASONS = {
  "a grammar": 1,
  "listens until the program ends": 2,
  "needs Node 22.18": 2,
  "needs a browser": 1,
  "needs a network": 6,
  "needs root": 2,
  "needs the npm registry": 3,
  "npm test runs it": 2,
  "opens a window": 4,
  "runs until a signal ends it": 1,
  "takes half an hour": 1,
  "the figures of one run": 1,
  "the test of the tutorial runs it": 3,
  "waits for a changed file": 1,
  "waits for a signal": 1,
};

/** The checks, by what they do, each with the condition for the blocks that it checks. */
const CHECKS: readonly (readonly [name: string, owns: (block: Block) => boolean])[] = [
  ["compiled and run, with the other blocks of the page", isInPageModule],
  ["compiled and run, by itself", (block) => isExcerpt(block) && block.label === "excerpt"],
  ["compiled, not run", (block) => isExcerpt(block) && block.label !== "excerpt"],
  ["followed in a terminal", (block) => followed.has(block.page) && stepsOf(block).length > 0],
  ["run in an empty folder", ({ language, label }) => language === "sh" && label === "alone"],
  ["run by the tests of the examples", isRunByExamples],
  [
    "read by systemd, HAProxy or a parser",
    ({ language }) => /^(ini|haproxy|yaml|dockerfile)$/.test(language),
  ],
  ["compared with the codec", ({ page, language, label }) => page === "SPEC.md" && language + label === ""],
  ["not run", ({ language, label }) => language !== "ts" && label.startsWith("not run: ")],
];

test("every code block of the documentation has exactly one check", () => {
  const found = blocks.map((block) => ({
    block,
    names: CHECKS.filter(([, owns]) => owns(block)).map(([name]) => name),
  }));
  const faults = found
    .filter(({ names }) => names.length !== 1)
    .map(
      ({ block: { page, line, language, label }, names }) =>
        `${page}:${line} "${language} ${label}": ${names.join(", ") || "none"}`,
    );
  expect(faults).toEqual([]);
  const table = CHECKS.map(([name]) => `${found.filter(({ names }) => names.includes(name)).length} ${name}`);
  console.log(`code blocks of ${checkedPages().length} pages: ${blocks.length}\n  ${table.join("\n  ")}`);
});

test("every line that begins or ends a code block belongs to a block that is checked", () => {
  for (const page of checkedPages()) {
    const lines = readFileSync(new URL(page, root), "utf8").split("\n");
    const fences = lines.filter((line) => /^[ >]*(```|~~~)/.test(line)).length;
    const visible = blocksOf(page).filter(({ line }) => lines[line - 1]?.startsWith("```")).length;
    expect(fences, page).toBe(2 * visible);
  }
});

test("a code block that is not run has one of these reasons", () => {
  const counts: Record<string, number> = {};
  for (const reason of blocks.map(reasonNotToRun)) {
    if (reason !== undefined) counts[reason] = (counts[reason] ?? 0) + 1;
  }
  expect(counts).toEqual(REASONS);
});

test("every command of the examples that another test runs is in a page", () => {
  for (const [line, file] of RUN_ELSEWHERE) {
    expect(blocks.some(({ text }) => text.includes(line))).toBe(true);
    const [, program = ""] = /([\w-]+\.py)/.exec(line) ?? [];
    expect(readFileSync(new URL(file, root), "utf8")).toContain(program);
  }
});
