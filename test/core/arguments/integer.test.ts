import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { bigInteger } from "../../../src/core/arguments/big-integer.ts";
import { integer } from "../../../src/core/arguments/integer.ts";
import { bringsBack, doesNotSend, reads, refuses, sends, survivesAnything } from "../../contracts/codec.ts";

const LENIENT: [string, number][] = [
  ["13", 13],
  ["+5", 5],
  ["-5", -5],
  ["-0", 0],
  ["007", 7],
  ["-0_0_7", -7],
  ["1_000", 1000],
  [" \t\n13\r\v\f", 13],
  ["9007199254740991", Number.MAX_SAFE_INTEGER],
  ["-9007199254740991", -Number.MAX_SAFE_INTEGER],
  [`${"0".repeat(4299)}9`, 9],
  [Array(4300).fill("0").join("_"), 0],
];

const MALFORMED: readonly string[] = [
  ...["", " ", "0x10", "0b1", "1.0", "1e3", "1__0", "_1", "1_", "-_1", "- 1", "--1", "+-1", "1 2", "1,000"],
  ...["13\0", "\x1c13", "13\u00a0", "\u0661\u0663", "\uff11", "1n", "Infinity", "-", "+"],
];

describe("integer", () => {
  for (const [wire, value] of LENIENT) reads(integer(), wire, value);
  for (const wire of MALFORMED) refuses(integer(), wire, /not an integer: "/);
  refuses(integer(), "9007199254740992", /bigInteger\(\)/);
  refuses(integer(), "-9007199254740993", /bigInteger\(\)/);
  refuses(integer(), "0".repeat(4301), /4300/);
  refuses(integer(), Uint8Array.of(0xff), /not an integer/);

  for (const value of [0, 7, 10, 99, 100, 2_147_483_647, 2_147_483_648, -1, -10, -2_147_483_648, 1e15]) {
    sends(integer(), value, String(value));
  }
  sends(integer(), -0, "0");
  sends(integer(), Number.MAX_SAFE_INTEGER, "9007199254740991");
  sends(integer(), Number.MIN_SAFE_INTEGER, "-9007199254740991");
  for (const value of ["1", null, undefined, true, {}, [1]]) doesNotSend(integer(), value, TypeError);
  for (const value of [1.5, Number.NaN, Number.POSITIVE_INFINITY]) {
    doesNotSend(integer(), value, RangeError);
    doesNotSend(integer(), value, /an integer is needed, not /);
  }
  doesNotSend(integer(), Number.MAX_SAFE_INTEGER + 1, /bigInteger\(\)/);
  doesNotSend(integer(), 5n, /bigInteger\(\)/);

  bringsBack(integer(), fc.maxSafeInteger());
  bringsBack(integer(), fc.integer({ min: -1000, max: 1000 }));
  survivesAnything(integer(), "0123456789+-_ ");

  test("the error of integer() quotes the rejected text, shortened", () => {
    const shown = (): unknown => integer().decode(new TextEncoder().encode(`x${"y".repeat(5000)}`));
    expect(shown).toThrow(/^not an integer: "xy{39}…"$/);
  });
});

describe("bigInteger", () => {
  for (const [wire, value] of LENIENT) reads(bigInteger(), wire, BigInt(value));
  for (const wire of MALFORMED) refuses(bigInteger(), wire, /not an integer: "/);
  reads(bigInteger(), "340282366920938463463374607431768211455", 2n ** 128n - 1n);
  reads(bigInteger(), "-9".padEnd(4301, "9"), -(10n ** 4300n - 1n));
  refuses(bigInteger(), "9".repeat(4301), /4300/);

  sends(bigInteger(), 0n, "0");
  sends(bigInteger(), -(2n ** 127n), "-170141183460469231731687303715884105728");
  sends(bigInteger(), 10n ** 4300n - 1n, "9".repeat(4300));
  doesNotSend(bigInteger(), 10n ** 4300n, /4300/);
  doesNotSend(bigInteger(), -(10n ** 4300n), /4300/);
  doesNotSend(bigInteger(), 1, TypeError);
  doesNotSend(bigInteger(), "1", TypeError);

  bringsBack(bigInteger(), fc.bigInt({ min: -(2n ** 300n), max: 2n ** 300n }));
  survivesAnything(bigInteger(), "0123456789+-_ ");
});
