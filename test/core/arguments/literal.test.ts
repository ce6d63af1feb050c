import fc from "fast-check";
import { describe, expect, test, vi } from "vitest";
import { enumeration, literal } from "../../../src/core/arguments/literal.ts";
import { bringsBack, doesNotSend, reads, refuses, sends, survivesAnything } from "../../contracts/codec.ts";

describe("literal", () => {
  const level = literal("low", "hög", "", 1, -20);
  for (const [value, wire] of [
    ["low", "low"],
    ["hög", "hög"],
    ["", ""],
    [1, "1"],
    [-20, "-20"],
  ] as const) {
    reads(level, wire, value);
    sends(level, value, wire);
  }
  refuses(level, "lo", /not one of "low", "hög", "", 1, -20: "lo"/);
  for (const wire of ["Low", "low ", "01", "+1", "1.0", "constructor"]) refuses(level, wire, /not one of/);
  refuses(level, Uint8Array.of(0x68, 0xf6, 0x67), /not UTF-8/);
  for (const value of ["high", "1", -1, null, undefined, ["low"], { toString: () => "low" }])
    doesNotSend(level, value, /one of "low", "hög", "", 1, -20 is needed/);
  bringsBack(level, fc.constantFrom("low" as const, 1 as const));
  survivesAnything(level, "low1-20");

  test("literal() does not convert a value to text before it is known", () => {
    const text = vi.fn(() => "low");
    expect(() => literal("low").encode({ toString: text } as unknown as "low")).toThrow(TypeError);
    expect(text).not.toHaveBeenCalled();
    // It has no text: V8 would throw "Cannot convert object to primitive value".
    expect(() => literal("low").encode(Object.create(null))).toThrow(
      'one of "low" is needed, not an object (Object)',
    );
  });

  test("a replacement character does not match bytes that are not UTF-8", () => {
    expect(() => literal("\ufffd").decode(Uint8Array.of(0xff))).toThrow(/not UTF-8/);
  });

  test("literal() rejects values that it cannot tell apart or represent", () => {
    expect(() => literal()).toThrow("at least one value is needed");
    expect(() => literal("a", "a")).toThrow('two values have the text "a"');
    expect(() => literal("1", 1)).toThrow('two values have the text "1"');
    for (const value of [0.5, Number.NaN, 2 ** 53, -0])
      expect(() => literal(value)).toThrow(/a safe integer is needed/);
    // Programs in JavaScript may pass anything.
    expect(() => literal(null as unknown as string)).toThrow(/not null/);
  });
});

describe("enumeration", () => {
  // Objects that the compiler makes of enums. An enum of numbers also maps each number to its name.
  const Size = { 0: "Small", 7: "Large", Small: 0, Large: 7 } as unknown as { Small: 0; Large: 7 };
  const Color = { Red: "red", Blue: "blue" } as const;
  const Mixed = { 1: "Uno", One: 1, Two: "two", Uno: 1 } as unknown as { One: 1; Two: "two"; Uno: 1 };
  sends(enumeration(Size), Size.Large, "7");
  reads(enumeration(Size), "0", Size.Small);
  refuses(enumeration(Size), "Small", /not one of 0, 7: "Small"/);
  doesNotSend(enumeration(Size), "Small", TypeError);
  sends(enumeration(Color), Color.Blue, "blue");
  reads(enumeration(Color), "red", Color.Red);
  refuses(enumeration(Color), "Red", /not one of "red", "blue"/);
  reads(enumeration(Mixed), "1", Mixed.Uno);
  sends(enumeration(Mixed), Mixed.Two, "two");
  sends(enumeration({ Low: 1, High: "high" } as const), "high", "high");
  // A text that is the name of a number, as in `enum Step { First = "Next", Next = 1 }`.
  const Step = { 1: "Next", First: "Next", Next: 1 } as unknown as { First: "Next"; Next: 1 };
  sends(enumeration(Step), Step.First, "Next");
  reads(enumeration(Step), "1", Step.Next);

  test("enumeration() of a value that is not an object throws", () => {
    // Programs in JavaScript may pass anything.
    for (const [value, shown] of [
      [null, "null"],
      [undefined, "undefined"],
      ["ab", '"ab"'],
    ])
      expect(() => enumeration(value as unknown as { A: 1 })).toThrow(
        `enumeration: an object is needed, not ${shown}`,
      );
  });

  test("enumeration() of an object without values throws", () => {
    expect(() => enumeration({})).toThrow("at least one value is needed");
  });
});
