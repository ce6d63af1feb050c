import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { float, floatText, putShortFloat, SHORT_FLOAT_BYTES } from "../../../src/core/arguments/float.ts";
import { bringsBack, doesNotSend, reads, refuses, sends, survivesAnything } from "../../contracts/codec.ts";

/** Numbers, and Python's `repr` of each. */
const REPRS: readonly (readonly [number, string])[] = [
  [0, "0.0"],
  [-0, "-0.0"],
  [1, "1.0"],
  [-1.5, "-1.5"],
  [0.1 + 0.2, "0.30000000000000004"],
  [100, "100.0"],
  [1e15, "1000000000000000.0"],
  [9999999999999998, "9999999999999998.0"],
  [1e16, "1e+16"],
  [-1.5e16, "-1.5e+16"],
  [1e21, "1e+21"],
  [1e22, "1e+22"],
  [1.2345678901234568e17, "1.2345678901234568e+17"],
  [0.001, "0.001"],
  [0.0625, "0.0625"],
  [-52.520008, "-52.520008"],
  [1999.999999, "1999.999999"],
  [2000.000001, "2000.000001"],
  [199999999.9, "199999999.9"],
  [200000000.1, "200000000.1"],
  [0.0010001, "0.0010001"],
  [0.0001, "0.0001"],
  [0.00012345, "0.00012345"],
  [0.00001, "1e-05"],
  [1.5e-5, "1.5e-05"],
  [1e-7, "1e-07"],
  [1.25e-10, "1.25e-10"],
  [5e-324, "5e-324"],
  [2.2250738585072014e-308, "2.2250738585072014e-308"],
  [1.7976931348623157e308, "1.7976931348623157e+308"],
  [Number.POSITIVE_INFINITY, "inf"],
  [Number.NEGATIVE_INFINITY, "-inf"],
  [Number.NaN, "nan"],
];

const LENIENT: readonly (readonly [string, number])[] = [
  ["1", 1],
  [".5", 0.5],
  ["5.", 5],
  ["+.5e-3", 0.0005],
  ["1E5", 100000],
  ["1.e3", 1000],
  ["1_0.5", 10.5],
  ["1e1_0", 1e10],
  ["-0", -0],
  ["INF", Number.POSITIVE_INFINITY],
  ["-Infinity", Number.NEGATIVE_INFINITY],
  ["+iNfInItY", Number.POSITIVE_INFINITY],
  ["-NaN", Number.NaN],
  ["1e400", Number.POSITIVE_INFINITY],
  ["-1e400", Number.NEGATIVE_INFINITY],
  ["-1e-400", -0],
  [" \t1.5\r\n\v\f", 1.5],
  ["12_345.5", 12345.5],
  ["1_0.", 10],
  ["1_0.25", 10.25],
  ["1.0_25", 1.025],
  [" .25", 0.25],
  [".1_25", 0.125],
  ["1_0e12", 1e13],
  ["1e0_12", 1e12],
];

const MALFORMED: readonly string[] = [
  ...[
    "",
    " ",
    ".",
    "e5",
    "1e",
    "1e+",
    "1,5",
    "0x1p3",
    "0x10",
    "1e5.0",
    "1.5.5",
    "--1",
    "+-1",
    "1 5",
    "1.5\0",
  ],
  ...[
    "1__0",
    "_1",
    "1_",
    "1_.5",
    "1._5",
    "1e_5",
    "1_e5",
    "infinit",
    "nan1",
    "snan",
    "1d",
    "1f",
    "\u0661",
    "\x1c1",
  ],
];

describe("float", () => {
  for (const [value, wire] of REPRS) {
    sends(float(), value, wire);
    reads(float(), wire, value);
    test(`floatText() returns ${wire}`, () => expect(floatText(value)).toBe(wire));
  }
  for (const [wire, value] of LENIENT) reads(float(), wire, value);
  for (const wire of MALFORMED) refuses(float(), wire, /not a float: "/);
  for (const value of ["1", null, undefined, 1n, {}]) doesNotSend(float(), value, TypeError);
  bringsBack(float(), fc.double());
  bringsBack(
    float(),
    fc
      .double({ min: -10, max: 10 })
      .chain((digits) => fc.integer({ min: -30, max: 30 }).map((e) => digits * 10 ** e)),
  );
  survivesAnything(float(), "0123456789.eE+-_ infa");
});

test("float() decodes short numbers with the value that Number() gives", () => {
  const texts = fc
    .tuple(fc.constantFrom("", "-"), fc.stringMatching(/^\d{1,17}$/), fc.nat({ max: 17 }), fc.boolean())
    .map(([sign, digits, at, pointed]) =>
      pointed ? `${sign}${digits.slice(0, at)}.${digits.slice(at)}` : sign + digits,
    );
  fc.assert(
    fc.property(texts, (text) => {
      expect(float().decode(new TextEncoder().encode(text))).toBe(Number(text));
    }),
    { numRuns: 5000 },
  );
});

test("the fast path of writing uses at most SHORT_FLOAT_BYTES", () => {
  const bytes = new Uint8Array(SHORT_FLOAT_BYTES);
  const ends = [-1.234567899, -0.00123456789, -199999999.9, -0.001, 0.0010001].map((value) =>
    putShortFloat(bytes, 0, value),
  );
  expect(ends).toEqual([-1, -1, 12, 6, -1]);
});
