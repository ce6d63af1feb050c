import fc from "fast-check";
import { Temporal } from "temporal-polyfill";
import { describe, expect, test } from "vitest";
import { civilOfDays, daysOfCivil, daysOfMonth } from "../../../src/core/arguments/civil-days.ts";
import { dateTime } from "../../../src/core/arguments/date-time.ts";
import {
  bringsBack,
  doesNotSend,
  reads,
  refuses,
  sends,
  survivesAnything,
  wireBytes,
} from "../../contracts/codec.ts";

const DATE = "2012-01-23T12:34:56.054321";

/** Text on the wire, and the same moment as Temporal writes it. */
const MOMENTS: readonly (readonly [string, string])[] = [
  [`${DATE}-01:23`, `${DATE}-01:23[-01:23]`],
  [`${DATE}+05:45`, `${DATE}+05:45[+05:45]`],
  [`${DATE}+23:59`, `${DATE}+23:59[+23:59]`],
  [`${DATE}-00:00`, `${DATE}+00:00[+00:00]`],
  ["0001-01-01T00:00:00.000000+01:00", "0001-01-01T00:00:00+01:00[+01:00]"],
  ["9999-12-31T23:59:59.999999-23:59", "9999-12-31T23:59:59.999999-23:59[-23:59]"],
  ["1969-12-31T23:59:59.999999-00:00", "1969-12-31T23:59:59.999999+00:00[+00:00]"],
  ["2012-02-29T00:00:00.000001-00:01", "2012-02-29T00:00:00.000001-00:01[-00:01]"],
];

const LENIENT: readonly (readonly [string, string])[] = [
  [`${DATE}+00:00`, `${DATE}+00:00[+00:00]`],
  [`${DATE}+05:99`, `${DATE}+06:39[+06:39]`],
  [`${DATE}+-1:30`, `${DATE}-00:30[-00:30]`],
  ["2012/01/23 12.34.56,054321+01.23", `${DATE}+01:23[+01:23]`],
  [" 999- 1-+3T 1: 2:_3.  4_5 -01: 3".replace("_3", " 3"), "0999-01-03T01:02:03.000045-01:03[-01:03]"],
  ["2012\x7f01\x7f23\x7f12\x7f34\x7f56\x7f054321+-1\x7f30", `${DATE}-00:30[-00:30]`],
  ["0001-01-01T00:00:00.000000+-1:30", "0001-01-01T00:00:00-00:30[-00:30]"],
  ["9999-12-31T23:59:59.999999+-1:30", "9999-12-31T23:59:59.999999-00:30[-00:30]"],
];

const OTHER_LENGTHS: readonly string[] = ["", DATE, `${DATE}+01:2`, `${DATE}+01:233`, `${DATE}Z`];

const IMPOSSIBLE: readonly string[] = [
  ...[
    "2012-02-30T00:00:00.000000+00:00",
    "1900-02-29T00:00:00.000000+00:00",
    "0000-01-01T00:00:00.000000+00:00",
  ],
  ...[
    "2012-13-01T00:00:00.000000+00:00",
    "2012-00-01T00:00:00.000000+00:00",
    "2012-01-00T00:00:00.000000+00:00",
  ],
  ...[
    "2012-01-01T24:00:00.000000+00:00",
    "2012-01-01T00:60:00.000000+00:00",
    "2012-01-01T00:00:60.000000+00:00",
  ],
  ...[`${DATE}+24:00`, `${DATE}-24:00`, `${DATE}+23:60`, `${DATE}+99:99`, `${DATE} 01:30`, `${DATE}Z00:00`],
  ...[
    "2012-01-23T12:34:56.-54321-01:23",
    "-001-01-01T00:00:00.000000-00:00",
    "YYYY-MM-DDTHH:MM:SS.ffffff+HH:MM",
  ],
  // With the character after 9.
  ...["2012-0:-01T00:00:00.000000+00:00", "1:1:-0:-0:T0::0::0:.0:0:0:+0::0:"],
];

const moments = fc
  .record({
    microseconds: fc.bigInt({ min: -62_135_000_000_000_000n, max: 253_402_000_000_000_000n }),
    offset: fc.integer({ min: -1439, max: 1439 }),
  })
  .map(({ microseconds, offset }) => {
    const hours = String(Math.floor(Math.abs(offset) / 60)).padStart(2, "0");
    const minutes = String(Math.abs(offset) % 60).padStart(2, "0");
    return new Temporal.ZonedDateTime(microseconds * 1000n, `${offset < 0 ? "-" : "+"}${hours}:${minutes}`);
  });

describe("dateTime", () => {
  for (const [wire, text] of [...MOMENTS, ...LENIENT]) {
    reads(dateTime(), wire, (value) => expect(value.toString()).toBe(text));
  }
  for (const [wire, text] of MOMENTS) sends(dateTime(), Temporal.ZonedDateTime.from(text), wire);
  for (const wire of OTHER_LENGTHS) refuses(dateTime(), wire, /32 characters/);
  for (const wire of IMPOSSIBLE) refuses(dateTime(), wire, /not a date and time: "/);
  refuses(dateTime(), new Uint8Array(32).fill(0xff), /not a date and time/);
  refuses(dateTime(), Buffer.from(`${DATE}-00:00`.replace("T", "é"), "latin1"), /not a date and time/);

  // With the least byte that is not ASCII, and bytes without a common bit.
  refuses(
    dateTime(),
    Buffer.from(`${DATE.replaceAll(/\D/g, "\0").replace("\0", "\x80")}-00\x0000`, "latin1"),
    /not a date/,
  );

  refuses(dateTime(), `${DATE}+24:00`, /1440 is not in -1439\.\.1439/);

  test("the error for a date that does not exist has the error of Temporal as its cause", () => {
    const decoding = () => dateTime().decode(wireBytes("2012-02-30T00:00:00.000000+00:00"));
    expect(decoding).toThrow(expect.objectContaining({ cause: expect.any(RangeError) }));
  });

  for (const zone of ["America/New_York", "UTC", "Asia/Kathmandu"]) {
    test(`dateTime() encodes the offset of ${zone} at that moment`, () => {
      const value = Temporal.ZonedDateTime.from(`2024-07-01T12:00:00[${zone}]`);
      const again = dateTime().decode(dateTime().encode(value));
      expect(again.epochNanoseconds).toBe(value.epochNanoseconds);
      expect(again.offset).toBe(value.offset);
    });
  }
  test("dateTime() encodes the date of the ISO calendar", () => {
    const value = Temporal.ZonedDateTime.from("2024-07-01T12:00:00+00:00[UTC]").withCalendar("gregory");
    expect(dateTime().encode(value)).toEqual(wireBytes("2024-07-01T12:00:00.000000-00:00"));
  });

  const refused: readonly (readonly [string, RegExp])[] = [
    ["-000001-01-01T00:00:00+00:00[UTC]", /1 to 9999/],
    ["+010000-01-01T00:00:00+00:00[UTC]", /1 to 9999/],
  ];
  for (const [text, message] of refused) doesNotSend(dateTime(), Temporal.ZonedDateTime.from(text), message);
  for (const value of ["2012", new Date(), null, undefined, 0, Temporal.Instant.from("2012-01-01T00:00Z")]) {
    doesNotSend(dateTime(), value, /a Temporal\.ZonedDateTime is needed, not/);
  }
  doesNotSend(
    dateTime(),
    Temporal.ZonedDateTime.from("1971-01-01T00:00:00[Africa/Monrovia]"),
    /the offset must be in whole minutes: 1971-01-01/,
  );

  for (const [text, wire] of [
    ["2012-01-01T00:00:00.000000001+00:00[UTC]", "2012-01-01T00:00:00.000000-00:00"],
    ["2012-01-01T00:00:00.000000500+01:00[+01:00]", "2012-01-01T00:00:00.000001+01:00"],
    ["1969-12-31T23:59:59.999999500+00:00[UTC]", "1970-01-01T00:00:00.000000-00:00"],
    ["1960-12-31T23:59:59.000000499+00:00[UTC]", "1960-12-31T23:59:59.000000-00:00"],
    ["9999-12-31T23:59:59.999999999+00:00[UTC]", "9999-12-31T23:59:59.999999-00:00"],
  ] as const)
    sends(dateTime(), Temporal.ZonedDateTime.from(text), wire);

  test("the time of Temporal.Now can be sent", () => {
    const now = Temporal.Now.zonedDateTimeISO("UTC").with({ nanosecond: 123 });
    const received = dateTime().decode(dateTime().encode(now));
    expect(received.since(now).abs().total("nanosecond")).toBe(123);
  });

  bringsBack(dateTime(), moments, (actual, expected) => expect(actual.equals(expected)).toBe(true));
  survivesAnything(dateTime(), "0123456789-:T.+ ");
});

test("dateTime() measures the length of a text from its start", () => {
  const bytes = wireBytes(` ${DATE}-01:23`);
  for (const { read } of [dateTime(), dateTime({ as: "Date" })])
    expect(() => read(bytes, 1, 31)).toThrow(/32 characters/);
});

test("days are converted to dates and back as by Date, in every month of 400 years", () => {
  const differences: unknown[] = [];
  for (let index = 1600 * 12; index <= 2001 * 12; index++) {
    const [year, month] = [Math.floor(index / 12), 1 + (index % 12)];
    const last = new Date(Date.UTC(year, month, 0)).getUTCDate();
    if (daysOfMonth(year, month) !== last) differences.push([year, month]);
    for (const day of [1, last]) {
      const days = Date.UTC(year, month - 1, day) / 86_400_000;
      const civil = civilOfDays(days);
      if (daysOfCivil(year, month, day) !== days) differences.push([year, month, day]);
      if (civil.year !== year || civil.month !== month || civil.day !== day) differences.push(civil);
    }
  }
  expect(differences).toEqual([]);
  expect([0, 13].map((month) => daysOfMonth(2000, month))).toEqual([0, 0]);
});

describe("dateTime as Date", () => {
  const codec = dateTime({ as: "Date" });
  sends(codec, new Date("2012-01-23T12:34:56.054Z"), "2012-01-23T12:34:56.054000-00:00");
  sends(codec, new Date(-1), "1969-12-31T23:59:59.999000-00:00");
  sends(codec, new Date("0001-01-01T00:00:00Z"), "0001-01-01T00:00:00.000000-00:00");
  sends(codec, new Date("9999-12-31T23:59:59.999Z"), "9999-12-31T23:59:59.999000-00:00");
  reads(codec, `${DATE}-01:23`, new Date("2012-01-23T12:34:56.054-01:23"));
  reads(codec, "1969-12-31T23:59:59.999999-00:00", new Date(-1));
  reads(codec, "2012/01/23 12.34.56,054321+01.23", new Date("2012-01-23T12:34:56.054+01:23"));
  refuses(codec, "2012-02-30T00:00:00.000000+00:00", /not a date and time/);
  doesNotSend(codec, new Date(Number.NaN), /an invalid Date/);
  doesNotSend(codec, new Date("+010000-01-01T00:00:00Z"), /1 to 9999: \+010000/);
  doesNotSend(codec, new Date("0000-12-31T23:59:59.999Z"), /1 to 9999/);
  for (const value of ["2012", 0, null, undefined, Temporal.ZonedDateTime.from("2012-01-01T00:00:00Z[UTC]")])
    doesNotSend(codec, value, /a Date is needed, not/);
  doesNotSend(codec, { getTime: () => 0, toString: () => "a clock" }, /a Date is needed, not/);
  for (const wire of OTHER_LENGTHS) refuses(codec, wire, /32 characters/);
  bringsBack(
    codec,
    fc.date({
      min: new Date("0001-01-01T00:00:00Z"),
      max: new Date("9999-12-31T23:59:59Z"),
      noInvalidDate: true,
    }),
  );
  survivesAnything(codec, "0123456789-:T.+ ");

  test("dateTime() as Date decodes the milliseconds of any moment", () => {
    fc.assert(
      fc.property(moments, (moment) => {
        const wire = dateTime().encode(moment);
        expect(codec.decode(wire).getTime()).toBe(moment.epochMilliseconds);
      }),
    );
  });

  test("another class of values is rejected", () => {
    expect(() => dateTime({ as: "date" as "Date" })).toThrow(/as must be "Temporal" or "Date", not "date"/);
    expect(() => dateTime({ is: "Date" } as object)).toThrow(/unknown option "is"/);
  });
});
