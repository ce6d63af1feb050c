/** Characters of a text that safeText() escapes in messages. */
import { expect, test } from "vitest";
import { safeText } from "../../../src/core/errors/safe-text.ts";

test.each([
  ["two\nlines\r\n\t", String.raw`two\nlines\r\n\t`],
  ["\u001b[2J\u0000\u007f\u009b31m", String.raw`\x1b[2J\x00\x7f\x9b31m`],
  ["\u2028\u2029\u202a\u202e\u2066\u2069", String.raw`\u2028\u2029\u202a\u202e\u2066\u2069`],
  ["\ud800\udfff\udcff", String.raw`𐏿\udcff`],
])("safeText() escapes %j", (text, safe) => {
  expect(safeText(text)).toBe(safe);
});

test("safeText() leaves printable text unchanged", () => {
  const text = `é ü € 漢字 עברית 👩‍👩‍👧 "quoted" \\n ~`;
  expect(safeText(text)).toBe(text);
});
