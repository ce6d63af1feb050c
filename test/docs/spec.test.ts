/** The bytes that SPEC.md shows are boxes of AMP, and both columns of its tables show the same bytes. */
import { expect, test } from "vitest";
import { command, encodeBox, integer, listOf, parseBoxes } from "../../src/index.ts";
import { blocksOf } from "./blocks.ts";

/** Blocks of bytes, each row split into its columns. */
const blocks = blocksOf("SPEC.md")
  .filter(({ label }) => label === "")
  .map(({ line, text }) => ({
    line,
    rows: text
      .split("\n")
      .filter(Boolean)
      .map((row) => row.split(/ {2,}/)),
  }));
const tables = blocks.filter(({ rows }) =>
  rows.every((cells) => cells.length > 1 && /^00 /.test(cells[0] ?? "")),
);
const others = blocks.filter((block) => !tables.includes(block));

const bytesOf = (digits: string) => new Uint8Array(Buffer.from(digits.replaceAll(" ", ""), "hex"));
const hexOf = (text: string) => Buffer.from(text).toString("hex");

/** Returns the hex digits of a row that has lengths as bytes, keys as they are, and values in quotes. */
function digitsOf(cells: readonly string[]): string {
  return cells
    .join(" ")
    .replace(/"([^"]*)"/g, (_, value: string) => hexOf(value))
    .replace(/\S+/g, (word) => (/^([0-9a-f]{2})+$/.test(word) ? word : hexOf(word)))
    .replaceAll(" ", "");
}

test.each(tables)(
  "both columns of the block of SPEC.md at line $line show the bytes of whole boxes",
  ({ rows }) => {
    for (const row of rows) expect(digitsOf(row.slice(0, -1))).toBe(row.at(-1)?.replaceAll(" ", ""));
    const bytes = bytesOf(rows.map((row) => row.at(-1)).join(""));
    const boxes = parseBoxes(bytes);
    expect(boxes.length).toBeGreaterThan(0);
    // The key of ampwire's own commands is not in its place in byte order.
    expect(boxes.map((box) => encodeBox(box).length).reduce((a, b) => a + b)).toBe(bytes.length);
  },
);

test("the other blocks of SPEC.md show a list of integers and the two boxes of StartTLS", () => {
  const [list, startTLS, ...more] = others.map(({ rows }) => rows);
  expect(more).toEqual([]);
  const Send = command("Send", { arguments: { list: listOf(integer()) } });
  expect(Send.makeArguments({ list: [1, -2, 3] }).get("list")).toEqual(bytesOf(list?.[0]?.[0] ?? ""));
  const boxes = (startTLS ?? []).slice(0, 2).flatMap(([, digits = ""]) => parseBoxes(bytesOf(digits)));
  const shown = boxes.map((box) =>
    [...box].map(([key, value]) => `${key}: ${Buffer.from(value)}`).join(", "),
  );
  expect(shown.map((text) => `{${text}}`)).toEqual((startTLS ?? []).slice(0, 2).map(([, , text]) => text));
});
