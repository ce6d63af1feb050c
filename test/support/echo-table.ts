/** Values that every echo command must return unchanged: those of `test/interop/twisted/echo_table.py`, and more. */
import type { Command, Fields, InputOf } from "ampwire";
import { Temporal } from "temporal-polyfill";
import { exactDecimal } from "../../src/core/arguments/python-decimal.ts";
import * as commands from "./commands.ts";
import { plain } from "./plain.ts";

export interface Echo {
  readonly name: string;
  readonly command: Command<Fields, Fields, true>;
  readonly fields: Readonly<Record<string, unknown>>;
}

function echoes<A extends Fields>(command: Command<A, A, true>, ...rows: readonly InputOf<A>[]): Echo[] {
  return rows.map((fields) => {
    const shown = JSON.stringify(plain(fields));
    const name = shown.length < 80 ? shown : `${shown.slice(0, 60)}... (${shown.length} characters)`;
    // The rows have been checked against the types of the command, which are erased from here on.
    return { name: `${command.name} ${name}`, command: command as unknown as Echo["command"], fields };
  });
}

function values<T>(...all: readonly T[]): { readonly value: T }[] {
  return all.map((value) => ({ value }));
}

const when = (text: string): Temporal.ZonedDateTime => Temporal.ZonedDateTime.from(text);
const allBytes = Uint8Array.from({ length: 256 }, (_, byte) => byte);

export const ECHOES: readonly Echo[] = [
  ...echoes(
    commands.EchoInteger,
    ...values(0n, 1n, -1n, 2n ** 31n, 2n ** 53n - 1n, 2n ** 53n + 1n, -(2n ** 63n), 2n ** 128n, 10n ** 400n),
  ),
  ...echoes(
    commands.EchoSafeInteger,
    ...values(0, 1, -1, 2 ** 32, Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER),
  ),
  ...echoes(
    commands.EchoString,
    ...values(
      new Uint8Array(0),
      new Uint8Array(1),
      new Uint8Array(2),
      allBytes,
      Uint8Array.of(0x16, 3, 1), // the beginning of a TLS record
      new Uint8Array(65_535).fill(0x78),
    ),
  ),
  ...echoes(
    commands.EchoUnicode,
    ...values(
      "",
      "\0",
      "café",
      "\ufeffBOM",
      "😀",
      "e\u0301 apart",
      "\u2028\u2029",
      "\uffff",
      "\u{10ffff}",
      "€".repeat(21_845),
    ),
  ),
  ...echoes(commands.EchoBoolean, ...values(true, false)),
  ...echoes(
    commands.EchoFloat,
    ...values(0, -0, 1, 0.1, -1.5, 1e15, 1e16, 1e21, 1e22, 123456789012345680, 0.0001, 1e-5, 1e-7, 1 / 3),
    ...values(Number.MIN_VALUE, Number.MAX_VALUE, 2.2250738585072014e-308, 2 ** 53, Infinity, -Infinity, NaN),
  ),
  ...echoes(
    commands.EchoDecimal,
    ...values(
      ...["0", "-0", "1", "1.0", "1.50", "1E+2", "1E-7", "0E-10", "-0.00", "Infinity", "-Infinity"],
      ...["NaN", "-NaN", "sNaN", "NaN123", "1E+1000000", "1E-1000000", "0.000001", "1.0E+3"],
      "1234567890123456789012345678901234567890",
      "0.1234567890123456789012345678901234567890",
    ).map(({ value }) => ({ value: exactDecimal(value) })),
  ),
  ...echoes(
    commands.EchoDateTime,
    ...values(
      "2012-01-23T12:34:56.054321+00:00[UTC]",
      "2012-01-23T12:34:56.054321-01:23[-01:23]",
      "2012-01-23T12:34:56+05:45[+05:45]",
      "2012-02-29T00:00:00.000001+14:00[+14:00]",
      "0001-01-01T00:00:00+00:01[+00:01]",
      "9999-12-31T23:59:59.999999-23:59[-23:59]",
      "2012-07-01T12:00:00+02:00[Europe/Paris]",
    ).map(({ value }) => ({ value: when(value) })),
  ),
  ...echoes(commands.EchoPath, ...values("/", "/tmp/café", "/a b/c", "//two/slashes", "/new\nline")),
  ...echoes(
    commands.EchoListOfInteger,
    ...values<bigint[]>(
      [],
      [0n],
      [1n, -2n, 3n],
      Array.from({ length: 1000 }, (_, i) => BigInt(i)),
    ),
  ),
  ...echoes(
    commands.EchoListOfListOfUnicode,
    ...values<string[][]>([], [[]], [[], []], [["a", ""], [], ["😀"]]),
  ),
  ...echoes(
    commands.EchoAmpList,
    { value: [] },
    { value: [{ id: 1n, name: "one" }] },
    {
      value: [
        { id: 1n, name: "one", score: 0.5 },
        { id: -2n, name: "" },
        { id: 2n ** 100n, name: "三", score: Infinity },
      ],
    },
  ),
  ...echoes(commands.EchoOptional, {}, { a: 1n }, { b: "" }, { a: -1n, b: "both" }, { a: undefined }),
  ...echoes(
    commands.EchoBig,
    { text: "", data: new Uint8Array(0) },
    { text: "x".repeat(65_535), data: new Uint8Array(65_536).fill(0x79) },
    { text: "x".repeat(65_536), data: new Uint8Array(65_535) },
    { text: "€".repeat(70_000), data: new Uint8Array(Buffer.alloc(256_000, allBytes)) },
  ),
];
