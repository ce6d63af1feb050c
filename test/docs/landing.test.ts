/** Cells of the comparison on the landing page are figures that were measured, or links to the page that says it. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";

const page = readFileSync(new URL("../../docs/index.md", import.meta.url), "utf8");

const rows = page
  .split("\n")
  .filter((line) => line.startsWith("|"))
  .slice(2)
  .map((line) =>
    line
      .split("|")
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );

test("every cell of the comparison is a link, a figure of ours, or says that ampwire lacks something", () => {
  expect(rows.length).toBeGreaterThan(8);
  const unproved = rows.flatMap(([row, ampwire = "", ...others]) => [
    ...(/\]|\{\{|^\*\*/.test(ampwire) ? [] : [`${row}: ${ampwire}`]),
    ...others
      .filter((cell) => !/\]|\{\{|^no page$|^not measured$/.test(cell))
      .map((cell) => `${row}: ${cell}`),
  ]);
  expect(unproved).toEqual([]);
});

test("every link of the comparison has an address, and every address is used", () => {
  const used = new Set(
    rows.flat().flatMap((cell) => [...cell.matchAll(/\]\[([\w-]+)\]/g)].map(([, name]) => name)),
  );
  const defined = new Set([...page.matchAll(/^\[([\w-]+)\]: https:\/\/\S+$/gm)].map(([, name]) => name));
  expect(used).toEqual(defined);
});
