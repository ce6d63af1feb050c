import { expect, test } from "vitest";
import { CommandNames } from "../../../src/core/serving/command-names.ts";
import { heapBytes } from "../../support/memory.ts";

test("the cache returns the name of any bytes, including names with the same hash", () => {
  const cache = new CommandNames();
  const names = ["", "a", "Sum", "Sam", "Smm", "mSS", "é", "Subtract", "x".repeat(255)];
  for (let index = 0; index < 500; index++) names.push(`Command${index}`);
  for (let round = 0; round < 3; round++) {
    for (const name of names) {
      const bytes = Buffer.from(`<${name}>`);
      expect(cache.nameAt(bytes, 1, bytes.length - 1)).toBe(name);
      bytes.fill(0); // the cache must not keep the bytes
    }
  }
});

test("the cache returns the same string for a known name", () => {
  const cache = new CommandNames();
  const bytes = Buffer.from("Sum");
  expect(cache.nameAt(bytes, 0, 3)).toBe(cache.nameAt(Buffer.from("xSum"), 1, 4));
});

test("the cache tells names with the same hash from each other if one begins with the other", () => {
  const cache = new CommandNames();
  for (const name of ["Command103", "Command1", "Command103"])
    expect(cache.nameAt(Buffer.from(name), 0, name.length)).toBe(name);
});

test("the cache tells names with the same hash from each other if all characters or one of them differ", () => {
  const cache = new CommandNames();
  for (const name of ["ab", "ct"]) expect(cache.nameAt(Buffer.from(name), 0, 2)).toBe(name);
  expect(cache.nameAt(Buffer.from("Sum"), 0, 3)).toBe("Sum");
  expect(cache.nameAt(Buffer.from("muSam"), 2, 5)).toBe("Sam"); // before it are the bytes of the other one in reverse
});

test("the cache tells an invalid byte from a character with the same number and hash", () => {
  const cache = new CommandNames();
  expect(cache.nameAt(Buffer.from("\u00ec"), 0, 2)).toBe("\u00ec");
  expect(cache.nameAt(Uint8Array.of(0xec), 0, 1)).toBe("\udcec");
});

test("a long name is not cached, so that a peer cannot fill megabytes", () => {
  const cache = new CommandNames();
  const before = heapBytes();
  const name = new Uint8Array(65_535).fill(0x80);
  for (let byte = 0x80; byte < 0xc0; byte++) {
    name[name.length - 1] = byte;
    expect(cache.nameAt(name, 0, name.length)).toHaveLength(name.length);
  }
  expect(heapBytes() - before).toBeLessThan(500_000);
  expect(cache.nameAt(Buffer.from("Sum"), 0, 3)).toBe("Sum"); // keeps the cache alive until here
});
