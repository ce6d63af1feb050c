import { posix } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { path } from "../../../src/core/arguments/path.ts";
import { doesNotSend, reads, refuses, sends } from "../../contracts/codec.ts";

/** A path, and what Python's `os.path.abspath` returns for it. */
const NORMALISED: readonly (readonly [string, string])[] = [
  ["/", "/"],
  ["/usr/bin", "/usr/bin"],
  ["/a/", "/a"],
  ["/a//b///c", "/a/b/c"],
  ["/a/./b/.", "/a/b"],
  ["/a/../b", "/b"],
  ["/../../a", "/a"],
  ["/..", "/"],
  ["//a", "//a"],
  ["//../a", "//a"],
  ["///a", "/a"],
  ["/a..b/.c/d.", "/a..b/.c/d."],
  ["/café/😀 b", "/café/😀 b"],
];

describe("path", () => {
  for (const [given, normalised] of NORMALISED) {
    sends(path(), given, normalised);
    reads(path(), given, normalised);
  }
  reads(path(), "a/../b", "a/../b");
  refuses(path(), Uint8Array.of(0x2f, 0xff), /not UTF-8/);
  for (const relative of ["", ".", "a/b", "../a", "~", "C:\\a"])
    doesNotSend(path(), relative, /an absolute path/);
  for (const value of [1, null, undefined, new URL("file:///a")])
    doesNotSend(path(), value, /a string is needed, not /);

  test("path() normalises as Node does, except for two leading slashes", () => {
    const parts = fc.array(fc.constantFrom("/", "//", ".", "..", "a", "b c"), { maxLength: 12 });
    fc.assert(
      fc.property(parts, (all) => {
        const given = `/x/${all.join("/")}`;
        expect(new TextDecoder().decode(path().encode(given))).toBe(posix.resolve(given));
      }),
    );
  });
});
