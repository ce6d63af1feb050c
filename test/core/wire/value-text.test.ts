import { runInNewContext } from "node:vm";
import { expect, test } from "vitest";
import { isBytes, isMap, shownBytes, shownValue } from "../../../src/core/wire/value-text.ts";

test("shownBytes() shows up to 40 characters of the bytes", () => {
  for (const character of ["a", "é", "三", "😀"]) {
    const shown = (count: number) => {
      const text = character.repeat(count / character.length);
      const bytes = Buffer.from(`xx${text}yy`);
      return shownBytes(bytes, 2, bytes.length - 2);
    };
    expect(shown(40)).toBe(`"${character.repeat(40 / character.length)}"`);
    expect(shown(42)).toBe(`"${character.repeat(40 / character.length)}…"`);
    expect(shown(4000)).toBe(shown(42));
  }
});

test("shownValue() shows any value of a program", () => {
  expect(shownValue("a".repeat(40))).toBe(`"${"a".repeat(40)}"`);
  expect(shownValue("a".repeat(41))).toBe(`"${"a".repeat(40)}…"`);
  expect(shownValue(10n ** 50n)).toBe(`1${"0".repeat(39)}…`);
  expect([-0, 0, 94n, true, () => 1, [1, 2], new Date()].map(shownValue)).toEqual([
    "-0",
    "0",
    "94n",
    "true",
    "a function",
    "an array of 2",
    "an object (Date)",
  ]);
});

test("bytes and maps of another realm are recognized", () => {
  expect([new Map(), runInNewContext("new Map()")].map(isMap)).toEqual([true, true]);
  expect([new Set(), { size: 1 }, null].map(isMap)).toEqual([false, false, false]);
  expect([new Uint8Array(1), runInNewContext("new Uint8Array(1)")].map(isBytes)).toEqual([true, true]);
  expect([new Uint16Array(1), new DataView(new ArrayBuffer(1)), [1]].map(isBytes)).toEqual([
    false,
    false,
    false,
  ]);
});
