/** SECURITY.md names a test for every promise. Checks that each of these tests exists. */
import { existsSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";

const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), "utf8");
const page = read("SECURITY.md");

/** The table rows that name tests, split into cells. A test is written as `file`: its name, or the beginning of its name. */
const rows = page
  .split("\n")
  .filter((line) => /^\|.*`test\//.test(line))
  .map((line) => line.split(" | "));

const named = rows.flatMap((cells) =>
  (cells.at(-1) ?? "")
    .replace(/ \|$/, "")
    .split("<br>")
    .map((one): [string, string] => {
      const [, file = one, name = ""] = /^`(test\/[^`]+)`: (.+)$/.exec(one) ?? [];
      return [file, name];
    }),
);

describe("SECURITY.md", () => {
  test.each(named)("SECURITY.md names an existing test: %s: %s", (file, name) => {
    expect(existsSync(new URL(`../../${file}`, import.meta.url))).toBe(true);
    expect(name).not.toBe("");
    // The name must follow a quote in the file.
    const found = ['"', "`"].some((quote) => read(file).includes(quote + name));
    expect(found, `${file} has no test ${JSON.stringify(name)}`).toBe(true);
  });
});

test("SECURITY.md has a row for every case of StartTLS", () => {
  const cases = rows.map(([number]) => Number(number?.replace("| ", ""))).filter(Number.isInteger);
  expect(cases).toEqual(Array.from({ length: 27 }, (_, index) => index + 1));
});
