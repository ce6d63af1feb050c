/** Hot modules repeat some constants, for V8 (see `src/core/wire/README.md`). The copies must agree. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { sources } from "../../support/sources.ts";

const DECLARATION = /^(?:export )?const ([A-Z][A-Z0-9_]*)(?:: number)? = ([-\d._xa-fA-F]+);/gm;

/** The folders of the hot modules. */
const FOLDERS = /^core\/(wire|schema|arguments)\//;

/** Numbers declared as constants: by name, the files with their values. */
function declaredConstants(): Map<string, Map<string, number>> {
  const constants = new Map<string, Map<string, number>>();
  for (const path of sources().filter((one) => FOLDERS.test(one))) {
    const text = readFileSync(new URL(`../../../src/${path}`, import.meta.url), "utf8");
    for (const [, name = "", value = ""] of text.matchAll(DECLARATION)) {
      const files = constants.get(name) ?? new Map<string, number>();
      constants.set(name, files.set(path, Number(value.replaceAll("_", ""))));
    }
  }
  return constants;
}

test("constants that several modules of wire, schema and arguments declare under one name have one value", () => {
  const constants = declaredConstants();
  const repeated = [...constants].filter(([, files]) => files.size > 1);
  expect(repeated.map(([name]) => name)).toEqual(
    expect.arrayContaining(["LENGTH_BYTES", "OFFSETS_PER_KEY", "MINUS", "WORD", "ZERO"]),
  );
  const different = repeated.filter(([, files]) => new Set(files.values()).size > 1);
  expect(different.map(([name, files]) => [name, Object.fromEntries(files)])).toEqual([]);
});
