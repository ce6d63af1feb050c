/** Tests of Twisted's test_amp.py about values, translated: lists, numbers, dates, and the text of errors. See test-amp.md. */
import { inspect } from "node:util";
import {
  type Argument,
  Box,
  bigInteger,
  bytes,
  command,
  dateTime,
  decimal,
  float,
  InvalidSignature,
  integer,
  listOf,
  optional,
  RemoteAmpError,
  unicode,
} from "ampwire";
import { Decimal } from "decimal.js";
import { Temporal } from "temporal-polyfill";
import { describe, expect, test } from "vitest";
import { textOf } from "../support/raw-peer.ts";

const ascii = (text: string) => Uint8Array.from(Buffer.from(text, "latin1"));
const utf8 = (text: string) => Uint8Array.from(Buffer.from(text));

/** A list codec of a table with several types. The rows pass the values that their codec accepts. */
function listCodec<T>(element: Argument<T>): Argument<unknown[]> {
  const codec = listOf(element);
  return { encode: (values) => codec.encode(values as T[]), decode: (wire) => codec.decode(wire) };
}

describe("lists", () => {
  const huge = (10n ** 58n - 1n) ** 2n;

  test.each<[string, Argument<unknown[]>, unknown[], Uint8Array]>([
    ["no bytes", listCodec(bytes()), [], ascii("")],
    ["one value of bytes", listCodec(bytes()), [ascii("foo")], ascii("\0\x03foo")],
    [
      "several values of bytes",
      listCodec(bytes()),
      [ascii("bar"), ascii("baz"), ascii("quux")],
      ascii("\0\x03bar\0\x03baz\0\x04quux"),
    ],
    ["no integers", listCodec(integer()), [], ascii("")],
    ["one integer", listCodec(integer()), [10], ascii("\0\x0210")],
    ["several integers", listCodec(integer()), [1, 20, 500], ascii("\0\x011\0\x0220\0\x03500")],
    ["a huge integer", listCodec(bigInteger()), [huge], ascii(`\0\x74${huge}`)],
    ["a negative integer", listCodec(integer()), [-1], ascii("\0\x02-1")],
    ["no text", listCodec(unicode()), [], ascii("")],
    ["one text", listCodec(unicode()), ["foo"], ascii("\0\x03foo")],
    [
      "several texts",
      listCodec(unicode()),
      ["\u2603", "Hello", "world"],
      utf8("\0\x03\u2603\0\x05Hello\0\x05world"),
    ],
  ])("a list of %s has the bytes of Twisted", (_, codec, values, wire) => {
    expect(codec.encode(values)).toEqual(wire);
    expect(codec.decode(wire)).toEqual(values);
  });

  test.each([
    ["none", "", []],
    ["one", "\0\x031.1", ["1.1"]],
    ["the infinite ones", "\0\x08Infinity\0\x09-Infinity", ["Infinity", "-Infinity"]],
    [
      "those in scientific notation",
      "\0\x083.141E+5\0\x0a0.00003141\0\x083.141E-7\0\x09-3.141E+5\0\x0b-0.00003141\0\x09-3.141E-7",
      ["314100", "0.00003141", "3.141e-7", "-314100", "-0.00003141", "-3.141e-7"],
    ],
    ["those in engineering notation", "\0\x040E+6\0\x061.5E-9", ["0", "1.5e-9"]],
    ["those that are not numbers", "\0\x03NaN\0\x04-NaN\0\x04sNaN\0\x05-sNaN", ["NaN", "NaN", "NaN", "NaN"]],
  ])("a list of decimals is read and written again with the bytes of Twisted: %s", (_, wire, values) => {
    const codec = listOf(decimal());
    const decoded = codec.decode(ascii(wire));
    expect(decoded.map((value) => String(value))).toEqual(values);
    expect(codec.encode(decoded)).toEqual(ascii(wire));
  });

  test.each([
    [["2010-12-25T00:00:00.000000-00:00", "2010-12-25T00:00:00.000000-00:00"]],
    [["2010-12-25T00:00:00.000000+01:00"]],
    [["2010-12-25T00:00:00.000000+03:30"]],
    [["2010-12-25T00:00:00.000000-05:00"]],
    [["2010-12-25T00:00:00.000000+03:19", "2010-12-25T00:00:00.000000-06:59"]],
  ])("a list of the dates %j has the bytes of Twisted", (texts) => {
    const codec = listOf(dateTime());
    const wire = ascii(texts.map((text) => `\0\x20${text}`).join(""));
    const values = codec.decode(wire);
    for (const [index, text] of texts.entries()) {
      const offset = text.slice(-6).replace("-00:00", "+00:00");
      expect(values[index]?.toString()).toBe(`2010-12-25T00:00:00${offset}[${offset}]`);
    }
    expect(codec.encode(values)).toEqual(wire);
  });

  test("an optional list is omitted if it is undefined, and a required list cannot be", () => {
    const Lists = command("Lists", {
      arguments: { needed: listOf(integer()), list: optional(listOf(integer())) },
    });
    expect(textOf(Lists.makeArguments({ needed: [1], list: undefined }))).toEqual({ needed: "\0\x011" });
    expect(textOf(Lists.makeArguments({ needed: [1] }))).toEqual({ needed: "\0\x011" });
    for (const wrong of [{ needed: undefined }, { needed: null }, {}])
      expect(() => Lists.makeArguments(wrong as never)).toThrow(InvalidSignature);
    expect(Lists.parseArguments(new Box({ needed: "" }))).toEqual({ needed: [] });
  });
});

describe("values", () => {
  test.each(["1.234", 1.234, 1234])("decimal() rejects %j, which is not a Decimal", (value) => {
    expect(() => decimal().encode(value as never)).toThrow(TypeError);
    expect(decimal().encode(new Decimal("1.234"))).toEqual(ascii("1.234"));
  });

  test.each(["1.234", ascii("1.234"), 1234n])("float() rejects %s, which is not a number", (value) => {
    expect(() => float().encode(value as never)).toThrow(TypeError);
  });

  test("float() writes 1.234 as Twisted does", () => {
    expect(float().encode(1.234)).toEqual(ascii("1.234"));
  });

  test("dateTime() reads and writes every field of a date with an offset", () => {
    const wire = ascii("9876-01-23T12:34:56.054321-01:23");
    const value = dateTime().decode(wire);
    expect(value).toMatchObject({
      year: 9876,
      month: 1,
      day: 23,
      hour: 12,
      minute: 34,
      second: 56,
      offset: "-01:23",
    });
    expect([value.millisecond, value.microsecond]).toEqual([54, 321]);
    expect(dateTime().encode(value)).toEqual(wire);
  });

  test("dateTime() rejects a date without a time zone, and text that is not a date", () => {
    const naive = Temporal.PlainDateTime.from("2010-12-25T00:00:00");
    expect(() => dateTime().encode(naive as never)).toThrow(TypeError);
    expect(() => dateTime().decode(ascii("abc"))).toThrow(/32 characters/);
  });

  test("the offset +00:00 is zero, and a sign other than + or - is rejected", () => {
    const value = dateTime().decode(ascii("2010-12-25T00:00:00.000000+00:00"));
    expect([value.offset, value.offsetNanoseconds]).toEqual(["+00:00", 0]);
    expect(() => dateTime().decode(ascii("2010-12-25T00:00:00.000000?00:00"))).toThrow(/not a date and time/);
  });
});

describe("the message of an error with a code", () => {
  test("the message of a RemoteAmpError has its code and its description", () => {
    const error = new RemoteAmpError("BROKEN", "Something has broken");
    expect(error.message).toBe("BROKEN: Something has broken");
  });

  test("the message of a RemoteAmpError escapes bytes of the code that are not text", () => {
    expect(new RemoteAmpError("BROKEN-\udcff", "Something has broken").message).toBe(
      "BROKEN-\\udcff: Something has broken",
    );
  });

  test("console.log of a RemoteAmpError shows its local cause with a stack", () => {
    const cause = new Error("Something came loose");
    const text = inspect(new RemoteAmpError("BROKEN", "Something has broken", false, { cause }));
    expect(text).toContain("BROKEN: Something has broken");
    expect(text).toContain("[cause]: Error: Something came loose\n");
  });
});
