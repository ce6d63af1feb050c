/** SECURITY.md names a test for every promise, and each of these tests exists. */
import { existsSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";

const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), "utf8");
const page = read("SECURITY.md");

/** The tests that a row names: `file`: the test's name, or its beginning. */
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

describe("every test named in SECURITY.md exists", () => {
  test.each(named)("%s: %s", (file, name) => {
    expect(existsSync(new URL(`../../${file}`, import.meta.url))).toBe(true);
    expect(name).not.toBe("");
    // Quoted in its file, from its first word on.
    const found = ['"', "`"].some((quote) => read(file).includes(quote + name));
    expect(found, `${file} has no test ${JSON.stringify(name)}`).toBe(true);
  });
});

test("every case of StartTLS has a row", () => {
  const cases = rows.map(([number]) => Number(number?.replace("| ", ""))).filter(Number.isInteger);
  expect(cases).toEqual(Array.from({ length: 27 }, (_, index) => index + 1));
});
