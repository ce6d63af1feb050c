import { Decimal } from "decimal.js";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decimal } from "../../../src/core/arguments/decimal.ts";
import {
  decimalText,
  exactDecimal,
  putShortDecimal,
  SHORT_DECIMAL_BYTES,
} from "../../../src/core/arguments/python-decimal.ts";
import {
  bringsBack,
  doesNotSend,
  reads,
  refuses,
  sends,
  survivesAnything,
  wireBytes,
} from "../../contracts/codec.ts";

/** Text on the wire, and the text that Python writes for the value. A single entry is both. */
const TEXTS: readonly (readonly [string, string?])[] = [
  ...[["0"], ["-0"], ["1.0"], ["-1.50"], ["0.00"], ["-0.00"], ["100"], ["1E+2"], ["1.0E+2"]],
  ...[["0.000001"], ["1E-7"], ["1.23E-7"], ["0E-7"], ["0.000000"], ["0E+3"], ["-0E-10"]],
  ...[["1E+1000000000"], ["-1.5E-1000000000"], ["1E+999999999999999999"], ["0E-1999999999999999997"]],
  ...[
    ["1000000000000000000000"],
    ["1234567890123456789012345678901234567890"],
    ["0.1234567890123456789012345678901234567890"],
  ],
  ...[["NaN"], ["-NaN"], ["sNaN"], ["-sNaN"], ["NaN123"], ["-sNaN5"], ["Infinity"], ["-Infinity"]],
  ["1e2", "1E+2"],
  ["12.3E-20", "1.23E-19"],
  ["10E+1", "1.0E+2"],
  ["100E-2", "1.00"],
  ["1E+0", "1"],
  ["1e007", "1E+7"],
  [".5", "0.5"],
  ["5.", "5"],
  ["+007", "7"],
  ["-00.10", "-0.10"],
  ["inf", "Infinity"],
  ["-iNFINITY", "-Infinity"],
  ["nan007", "NaN7"],
  ["SNAN0", "sNaN"],
  ["_1__0._0_e_5_", "1.00E+6"],
  ["I_n_f", "Infinity"],
  [" \t\n\v\f\r\x1c\x1d\x1e\x1f1.5\x1c ", "1.5"],
] as const;

const MALFORMED: readonly string[] = [
  ...[
    "",
    " ",
    "abc",
    ".",
    "-",
    "_",
    "e5",
    "1e",
    "1e+",
    "1E2.5",
    "1,5",
    "--1",
    "+-1",
    "1.2.3",
    "0x10",
    "1 2",
    "_ 1",
  ],
  ...["Infinit", "Infinity0", "NaNx", "NaN-1", "NaN 1", "1f", "1\0", "\u0661", "\u00a01", "\x851"],
];

describe("decimal", () => {
  for (const [wire, canonical = wire] of TEXTS) {
    reads(decimal(), wire, (value) => {
      expect(Decimal.isDecimal(value)).toBe(true);
      expect(decimalText(value)).toBe(canonical);
    });
    sends(decimal(), exactDecimal(wire), canonical);
  }
  for (const wire of MALFORMED) refuses(decimal(), wire, /not a decimal: "/);
  refuses(decimal(), Uint8Array.of(0xff), /not a decimal/);
  for (const wire of ["1E+1000000000000000000", "1E-1999999999999999998", `1E${"9".repeat(1000)}`]) {
    refuses(decimal(), wire, /exponent/);
  }

  /** Values that decimal.js makes itself: they have as many digits as they need. */
  const OWN: readonly (readonly [Decimal.Value, string])[] = [
    [0, "0"],
    [-0, "-0"],
    [100, "100"],
    [1.5, "1.5"],
    ["1.50", "1.5"],
    ["123456789012345678901234567890.12", "123456789012345678901234567890.12"],
    ["1e20", "100000000000000000000"],
    ["1e21", "1E+21"],
    ["1234567890123456789012", "1234567890123456789012"],
    ["-1234567890123456789012", "-1234567890123456789012"],
    ["12345678", "12345678"],
    ["0.123456789", "0.123456789"],
    ["-1.25e30", "-1.25E+30"],
    ["1E+1000000000", "1E+1000000000"],
    ["0.000001", "0.000001"],
    ["0.0000001", "1E-7"],
    [Number.NaN, "NaN"],
    [Number.NEGATIVE_INFINITY, "-Infinity"],
  ];
  for (const [value, wire] of OWN) sends(decimal(), new Decimal(value), wire);

  for (const value of [1, "1", 1n, null, undefined, {}]) {
    doesNotSend(decimal(), value, TypeError);
    doesNotSend(decimal(), value, /a Decimal of decimal\.js is needed, not /);
  }

  test("exactDecimal() rejects a value that is not a text", () => {
    // A program in JavaScript may pass anything.
    expect(() => exactDecimal(5 as unknown as string)).toThrow("exactDecimal: a text is needed, not 5");
  });

  test("the fast path of writing uses at most SHORT_DECIMAL_BYTES", () => {
    const bytes = new Uint8Array(SHORT_DECIMAL_BYTES);
    expect(putShortDecimal(bytes, 0, new Decimal("-1234567.1234567"))).toBe(SHORT_DECIMAL_BYTES);
  });

  const numbers = fc.record({
    digits: fc.bigInt({ min: -(10n ** 60n), max: 10n ** 60n }),
    power: fc.integer({ min: -80, max: 80 }),
  });
  const texts = numbers.map(({ digits, power }) => exactDecimal(`${digits}E${power}`));
  bringsBack(decimal(), texts, (actual, expected) => {
    expect(actual.equals(expected)).toBe(true);
    expect(decimalText(actual)).toBe(decimalText(expected));
  });
  const own = numbers.map(({ digits, power }) => new Decimal(`${digits}e${power}`));
  bringsBack(decimal(), own, (actual, expected) => expect(actual).toEqual(expected));
  survivesAnything(decimal(), "0123456789.eE+-_ infaNs");

  test("decimal() decodes ordinary values of decimal.js", () => {
    const value = decimal().decode(wireBytes("1.50"));
    expect(value).toEqual(new Decimal("1.5"));
    expect(value.plus("0.25").toString()).toBe("1.75");
    expect(decimalText(value.plus(0))).toBe("1.5");
  });

  test("decimal() keeps every digit at any precision setting of decimal.js", () => {
    const before = Decimal.precision;
    Decimal.set({ precision: 5 });
    try {
      const text = "1234567890123456789012345678901234567890.5";
      expect(decimal().encode(decimal().decode(wireBytes(text)))).toEqual(wireBytes(text));
      expect(decimalText(new Decimal(text))).toBe(text);
    } finally {
      Decimal.set({ precision: before });
    }
  });

  const digits = (count: number) =>
    fc
      .array(fc.constantFrom(..."0012345678999"), { minLength: 1, maxLength: count })
      .map((all) => all.join(""));
  const short = fc
    .tuple(fc.constantFrom("", "-"), digits(9), fc.option(digits(9)))
    .map(([sign, whole, fraction]) => sign + whole + (fraction === null ? "" : `.${fraction}`));

  test("decimal() decodes short texts to the values of decimal.js, and encodes both", () => {
    fc.assert(
      fc.property(short, (text) => {
        const expected = new Decimal(text);
        const value = decimal().decode(wireBytes(text));
        // The same properties: other code of decimal.js must not see a difference.
        expect({ ...value }).toStrictEqual({ ...expected });
        expect(decimal().encode(value)).toEqual(wireBytes(decimalText(exactDecimal(text))));
        expect(decimal().encode(expected)).toEqual(wireBytes(decimalText(expected)));
      }),
      { examples: [["-0"], ["0.0000001"], ["9999999.9999999"], ["0000000.1"], ["-0.05"], ["1249.95"]] },
    );
  });

  test("values that decimal() has decoded are independent of each other", () => {
    const [first, second] = ["1.5", "-20.25"].map((text) => decimal().decode(wireBytes(text)));
    expect(`${first} ${second}`).toBe("1.5 -20.25");
    expect(first?.d).not.toBe(second?.d);
  });

  test("decimal() keeps short texts at any exponent limit of decimal.js", () => {
    const { maxE, minE } = Decimal;
    try {
      for (const limits of [
        { maxE: 2, minE: -2 },
        { maxE: 2, minE: 0 },
      ]) {
        Decimal.set(limits);
        for (const text of ["1249.95", "0.5", "-0.0005", "100", "0"]) {
          const value = decimal().decode(wireBytes(text));
          expect(value).toEqual(new Decimal(text));
          expect(decimal().encode(value)).toEqual(wireBytes(text));
        }
      }
    } finally {
      Decimal.set({ maxE, minE });
    }
  });

  test("an exponent beyond the limits of decimal.js gives infinity or zero", () => {
    expect(exactDecimal("-1E+10000000000000000").toString()).toBe("-Infinity");
    expect(exactDecimal("1E-10000000000000000").isZero()).toBe(true);
  });

  test("decimal() takes time in proportion to the length, for rejected text too", () => {
    for (const wire of [`1${" ".repeat(65000)}1`, `${"_".repeat(65000)}x`, `${"1".repeat(65000)}x`]) {
      expect(() => decimal().decode(wireBytes(wire))).toThrow(SyntaxError);
    }
    const long = `${"7".repeat(30000)}.${"7".repeat(30000)}`;
    expect(decimalText(decimal().decode(wireBytes(long)))).toBe(long);
  });
});
