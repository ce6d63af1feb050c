/** SECURITY.md names a test for every promise. Checks that each of these tests exists, and the tables of cases and limits. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { DEFAULT_LIMITS } from "../../src/core/connection/limits.ts";

const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), "utf8");
const page = read("SECURITY.md");

/** Folders of the tests whose titles begin with the number of a case. */
const CASES = ["test/core/features", "test/node", "test/websocket"];

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

test("SECURITY.md has one row, in order, for every case of StartTLS that has a test", () => {
  const paths = CASES.flatMap((folder) =>
    readdirSync(new URL(`../../${folder}`, import.meta.url), { recursive: true, encoding: "utf8" })
      .filter((file) => file.endsWith(".test.ts"))
      .map((file) => `${folder}/${file.replaceAll("\\", "/")}`),
  );
  const titles = paths.flatMap((path) => [...read(path).matchAll(/["`]case (\d+)\b/g)]);
  const tested = new Set(titles.map(([, number]) => Number(number)));
  const listed = rows.map(([number]) => Number(number?.replace("| ", ""))).filter(Number.isInteger);
  expect(tested.size).toBeGreaterThanOrEqual(40);
  expect(listed).toEqual([...tested].sort((a, b) => a - b));
});

test("SECURITY.md lists every limit of a connection with its default", () => {
  const [, table = ""] = /### Limits of one connection\n([^#]*)/.exec(page) ?? [];
  const listed = [...table.matchAll(/^\| `(\w+)` \| [^|]+ \| ([^|]+) \|/gm)].map(([, name, value]) => [
    name,
    value,
  ]);
  expect(Object.fromEntries(listed)).toEqual(
    Object.fromEntries(Object.entries(DEFAULT_LIMITS).map(([name, value]) => [name, limitText(name, value)])),
  );
});

/** The default of a limit as the page writes it: bytes in MiB, other numbers in groups of three digits. */
function limitText(name: string, value: number): string {
  if (value === Number.POSITIVE_INFINITY) return "none";
  if (name.endsWith("Bytes") || name.startsWith("maxBytes")) return `${value / 1024 ** 2} MiB`;
  return value.toLocaleString("en-US");
}
