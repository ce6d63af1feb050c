/**
 * AMP's DateTime: a date and time with a fixed offset from UTC.
 *
 * The usual text is converted by arithmetic on days and seconds (`civil-days.ts`): with the fields of Temporal it takes ten
 * times as long. Temporal reads any other text.
 */
import { Temporal } from "temporal-polyfill";
import { messageOf } from "../errors/to-error.ts";
import { checkOptionNames } from "../option-names.ts";
import { type InPlaceArgument, inPlaceArgument } from "../schema/argument.ts";
import type { ByteWriter } from "../wire/byte-writer.ts";
import { viewOf } from "../wire/frame.ts";
import { shownBytes, shownValue } from "../wire/value-text.ts";
import { civilOfDays, daysOfCivil, daysOfMonth } from "./civil-days.ts";
import { readInteger } from "./integer.ts";

/** `YYYY-MM-DDTHH:MM:SS.ffffff+HH:MM` */
const LENGTH = 32;
const PLUS = 0x2b;
const MINUS = 0x2d;
/** Characters around two digits: `-MM-`, `THH:`, `:MM:`, `:SS.` and `HH:`. */
const MONTH = 0x2d00_002d;
const HOUR = 0x5400_003a;
const MINUTE = 0x3a00_003a;
const SECOND_AND_POINT = 0x3a00_002e;
const COLON = 0x3a;
/** Characters of two zeros. */
const ZEROS = 0x3030;
/** The bits of four bytes that are 0 in ASCII. */
const NOT_ASCII = 0x8080_8080;
const DAY_MINUTES = 24 * 60;
const DAY_SECONDS = 86_400;
const SECOND_NANOSECONDS = 1_000_000_000;
const SECOND = 1_000_000_000n;
const SECOND_MICROSECONDS = 1_000_000;
const MINUTE_NANOSECONDS = 60_000_000_000;
/** From the epoch to the beginning of the year 1, and of the year 10000. */
const LEAST_SECONDS = -62_135_596_800;
const BEYOND_SECONDS = 253_402_300_800;

/** Options of `dateTime`. */
export interface DateTimeOptions {
  /** Class of the values. Default `Temporal`. */
  readonly as?: "Temporal" | "Date" | undefined;
}

/**
 * AMP's DateTime as a `Temporal.ZonedDateTime` with microseconds. Its time zone is a fixed offset in whole minutes. If the
 * platform has Temporal, values have the class of the platform, else that of temporal-polyfill. A ZonedDateTime of either
 * class can be sent, in any time zone and calendar. Nanoseconds are rounded to microseconds.
 *
 * Accepts exactly 32 bytes, `YYYY-MM-DDTHH:MM:SS.ffffff+HH:MM` (Twisted's `amp.DateTime`). As in Twisted, the separators may
 * be any ASCII characters, and the numbers may be any integer text of Python. Rejects other lengths, dates that do not exist,
 * year 0, a leap second and an offset of 24 hours or more. `+00:00` and `-00:00` are both UTC. Sends UTC as `-00:00`, as
 * Twisted does.
 *
 * @throws TypeError when encoding a value that is not a ZonedDateTime
 * @throws RangeError when encoding a year before 1 or after 9999, or an offset with seconds (as historical time zones have)
 * @throws SyntaxError, RangeError when decoding
 */
export function dateTime(
  options?: DateTimeOptions & { readonly as?: "Temporal" | undefined },
): InPlaceArgument<Temporal.ZonedDateTime>;
/**
 * AMP's DateTime as a `Date`. A Date has milliseconds and no offset: the microseconds and the offset of a received value are
 * lost. A Date is sent in UTC.
 *
 * @throws TypeError when encoding a value that is not a Date
 * @throws RangeError when encoding an invalid Date, or a year before 1 or after 9999
 * @throws SyntaxError, RangeError when decoding
 */
export function dateTime(options: DateTimeOptions & { readonly as: "Date" }): InPlaceArgument<Date>;
export function dateTime(
  options: DateTimeOptions = {},
): InPlaceArgument<Temporal.ZonedDateTime> | InPlaceArgument<Date> {
  checkOptionNames("dateTime", options, ["as"]);
  const { as = "Temporal" } = options;
  if (as === "Temporal") return inPlaceArgument({ write, read }, { type: "DateTime" });
  if (as !== "Date") throw new TypeError(`dateTime: as must be "Temporal" or "Date", not ${shownValue(as)}`);
  return inPlaceArgument({ write: writeDate, read: readDate }, { type: "DateTime" });
}

function write(value: Temporal.ZonedDateTime, out: ByteWriter): void {
  // Not `instanceof`: the platform and the polyfill have different classes.
  if ((value as Partial<typeof value> | null | undefined)?.[Symbol.toStringTag] !== "Temporal.ZonedDateTime")
    throw new TypeError(`a Temporal.ZonedDateTime is needed, not ${shownValue(value)}`);
  const { epochNanoseconds } = value;
  // The polyfill calculates all fields of a date for its offset, which takes longer than everything else.
  const offset = zoneOffsets.get(value.timeZoneId) ?? value.offsetNanoseconds / MINUTE_NANOSECONDS;
  const wholeSeconds = epochNanoseconds / SECOND;
  let nanoseconds = Number(epochNanoseconds - wholeSeconds * SECOND);
  let seconds = Number(wholeSeconds) + offset * 60;
  if (nanoseconds < 0) {
    nanoseconds += SECOND_NANOSECONDS;
    seconds--;
  }
  if (!Number.isInteger(offset))
    throw new RangeError(`the offset must be in whole minutes: ${value.withCalendar("iso8601")}`);
  const microseconds = Math.round(nanoseconds / 1000);
  if (microseconds < SECOND_MICROSECONDS) writeMoment(out, seconds, microseconds, offset, value);
  // The last microsecond that can be sent is not rounded up to the year 10000.
  else if (seconds + 1 === BEYOND_SECONDS) writeMoment(out, seconds, SECOND_MICROSECONDS - 1, offset, value);
  else writeMoment(out, seconds + 1, 0, offset, value);
}

function writeDate(value: Date, out: ByteWriter): void {
  if (Object.prototype.toString.call(value) !== "[object Date]")
    throw new TypeError(`a Date is needed, not ${shownValue(value)}`);
  const time = value.getTime();
  if (Number.isNaN(time)) throw new RangeError("an invalid Date cannot be sent");
  const seconds = Math.floor(time / 1000);
  writeMoment(out, seconds, (time - seconds * 1000) * 1000, 0, value);
}

/**
 * @param seconds from 1970, at the offset of the value
 * @param east minutes east of UTC
 * @param value the value, for the message
 * @throws RangeError
 */
function writeMoment(
  out: ByteWriter,
  seconds: number,
  microseconds: number,
  east: number,
  value: Temporal.ZonedDateTime | Date,
): void {
  if (!(seconds >= LEAST_SECONDS && seconds < BEYOND_SECONDS)) {
    const iso = "withCalendar" in value ? value.withCalendar("iso8601").toString() : value.toISOString();
    throw new RangeError(`the year must be from 1 to 9999: ${iso}`);
  }
  out.reserve(LENGTH);
  const { view, length } = out;
  out.length = length + LENGTH;
  putMoment(view, length, seconds, microseconds);
  putOffset(view, length + 26, east);
}

/** Writes `YYYY-MM-DDTHH:MM:SS.ffffff`. @param seconds from 1970, at the offset of the value */
function putMoment(view: DataView, at: number, seconds: number, microseconds: number): void {
  const days = Math.floor(seconds / DAY_SECONDS);
  const { year, month, day } = civilOfDays(days);
  const ofDay = seconds - days * DAY_SECONDS;
  const hour = (ofDay / 3600) | 0;
  const minute = ((ofDay - hour * 3600) / 60) | 0;
  const century = (year / 100) | 0;
  const first = (microseconds / 10_000) | 0;
  const middle = ((microseconds / 100) | 0) - first * 100;
  // Words, not bytes: V8 checks each access. Some words overlap.
  view.setInt32(at, (charactersOf(century) << 16) | charactersOf(year - century * 100));
  view.setInt32(at + 4, MONTH | (charactersOf(month) << 8));
  view.setInt16(at + 8, charactersOf(day));
  view.setInt32(at + 10, HOUR | (charactersOf(hour) << 8));
  view.setInt32(at + 13, MINUTE | (charactersOf(minute) << 8));
  view.setInt32(at + 16, SECOND_AND_POINT | (charactersOf(ofDay - hour * 3600 - minute * 60) << 8));
  view.setInt32(at + 20, (charactersOf(first) << 16) | charactersOf(middle));
  view.setInt16(at + 24, charactersOf(microseconds - first * 10_000 - middle * 100));
}

/** Writes `+HH:MM`. */
function putOffset(view: DataView, at: number, east: number): void {
  const minutes = Math.abs(east);
  const hours = (minutes / 60) | 0;
  view.setInt32(at, ((east > 0 ? PLUS : MINUS) << 24) | (charactersOf(hours) << 8) | COLON);
  view.setInt16(at + 4, charactersOf(minutes - hours * 60));
}

/** Returns the characters of two digits. @param value 0 to 99 */
function charactersOf(value: number): number {
  const tens = (value / 10) | 0;
  return ZEROS + (tens << 8) + value - tens * 10;
}

function readDate(bytes: Uint8Array, start: number, end: number): Date {
  const usual = end - start === LENGTH ? readUsual(viewOf(bytes), start, dateOf) : undefined;
  return usual ?? new Date(readAny(bytes, start, end).epochMilliseconds);
}

function read(bytes: Uint8Array, start: number, end: number): Temporal.ZonedDateTime {
  return (
    (end - start === LENGTH ? readUsual(viewOf(bytes), start, zonedOf) : undefined) ??
    readAny(bytes, start, end)
  );
}

/**
 * Fast path for digits where digits belong, in their ranges. Returns undefined for any other text.
 * @param make makes the value from seconds since 1970 in UTC, nanoseconds of the second and minutes east of UTC
 */
function readUsual<Value>(
  view: DataView,
  at: number,
  make: (seconds: number, nanoseconds: number, east: number) => Value,
): Value | undefined {
  // Eight words, not 32 bytes: V8 checks each access.
  const years = view.getInt32(at);
  const months = view.getInt32(at + 4);
  const days = view.getInt32(at + 8);
  const hours = view.getInt32(at + 12);
  const seconds = view.getInt32(at + 16);
  const fraction = view.getInt32(at + 20);
  const signs = view.getInt32(at + 24);
  const offsets = view.getInt32(at + 28);
  if (((months | days | hours | seconds | offsets) & NOT_ASCII) !== 0) return undefined;
  const century = numberOf(years >>> 16);
  const ofCentury = numberOf(years & 0xffff);
  const month = numberOf((months >> 8) & 0xffff);
  const day = numberOf(days >>> 16);
  const hour = numberOf(((days & 0xff) << 8) | (hours >>> 24));
  const minute = numberOf(hours & 0xffff);
  const second = numberOf((seconds >> 8) & 0xffff);
  const first = numberOf(fraction >>> 16);
  const middle = numberOf(fraction & 0xffff);
  const last = numberOf(signs >>> 16);
  const offsetHours = numberOf(((signs & 0xff) << 8) | (offsets >>> 24));
  const offsetMinutes = numberOf(offsets & 0xffff);
  const digits = century | ofCentury | month | day | hour | minute | second | first | middle | last;
  if ((digits | offsetHours | offsetMinutes) < 0) return undefined;
  const year = century * 100 + ofCentury;
  const minutes = offsetHours * 60 + offsetMinutes;
  const sign = (signs >> 8) & 0xff;
  if (
    year === 0 ||
    day === 0 ||
    day > daysOfMonth(year, month) ||
    hour > 23 ||
    minute > 59 ||
    second > 59 ||
    minutes >= DAY_MINUTES ||
    (sign !== PLUS && sign !== MINUS)
  ) {
    return undefined;
  }
  const east = sign === PLUS ? minutes : -minutes;
  const dayStart = daysOfCivil(year, month, day) * DAY_SECONDS;
  const nanoseconds = (first * 10_000 + middle * 100 + last) * 1000;
  return make(dayStart + hour * 3600 + (minute - east) * 60 + second, nanoseconds, east);
}

function zonedOf(seconds: number, nanoseconds: number, east: number): Temporal.ZonedDateTime {
  return new Temporal.ZonedDateTime(BigInt(seconds) * SECOND + BigInt(nanoseconds), zoneName(east));
}

function dateOf(seconds: number, nanoseconds: number): Date {
  return new Date(seconds * 1000 + Math.floor(nanoseconds / 1_000_000));
}

/** Returns the value of two characters, or -1 if they are not digits. */
function numberOf(characters: number): number {
  const digits = characters ^ ZEROS;
  // Adding 6 to a digit over 9 sets a bit of the upper half of its byte.
  return (((digits + 0x0606) | digits) & 0xf0f0) !== 0 ? -1 : (digits >> 8) * 10 + (digits & 0xf);
}

/** Reads any text that Twisted accepts. */
function readAny(bytes: Uint8Array, start: number, end: number): Temporal.ZonedDateTime {
  if (end - start !== LENGTH || bytes.subarray(start, end).some((byte) => byte > 0x7f)) {
    throw new SyntaxError(`not a date and time of ${LENGTH} characters: ${shownBytes(bytes, start, end)}`);
  }
  const number = (from: number, to: number): number => readInteger(bytes, start + from, start + to);
  try {
    const fraction = number(20, 26);
    const fields = {
      year: inRange(number(0, 4), 1, 9999),
      month: number(5, 7),
      day: number(8, 10),
      hour: inRange(number(11, 13), 0, 23),
      minute: inRange(number(14, 16), 0, 59),
      second: inRange(number(17, 19), 0, 59),
      millisecond: Math.trunc(inRange(fraction, 0, 999_999) / 1000),
      microsecond: fraction % 1000,
      timeZone: offsetOf(bytes[start + 26], number(27, 29), number(30, 32)),
    };
    return Temporal.ZonedDateTime.from(fields, { overflow: "reject" });
  } catch (cause) {
    const reason = messageOf(cause);
    throw new RangeError(`not a date and time: ${shownBytes(bytes, start, end)}: ${reason}`, { cause });
  }
}

/** Returns the name of a time zone. As in Twisted, minutes may exceed 59, and hours and minutes may be signed. */
function offsetOf(sign: number | undefined, hours: number, minutes: number): string {
  if (sign !== PLUS && sign !== MINUS) throw new RangeError("the offset needs a sign");
  const east = inRange(hours * 60 + minutes, 1 - DAY_MINUTES, DAY_MINUTES - 1) * (sign === PLUS ? 1 : -1);
  return zoneName(east);
}

/** Names of the zones that were used. There are 2879. */
const zoneNames = new Map<number, string>();
/** Minutes east of UTC, by those names. */
const zoneOffsets = new Map<string, number>();

/** Returns the name of the time zone so many minutes east of UTC, for example `+01:30`. */
function zoneName(east: number): string {
  const known = zoneNames.get(east);
  if (known !== undefined) return known;
  const minutes = Math.abs(east);
  const name = `${east < 0 ? "-" : "+"}${digits(Math.floor(minutes / 60), 2)}:${digits(minutes % 60, 2)}`;
  zoneNames.set(east, name);
  zoneOffsets.set(name, east);
  return name;
}

function inRange(value: number, least: number, most: number): number {
  if (value < least || value > most) throw new RangeError(`${value} is not in ${least}..${most}`);
  return value;
}

function digits(value: number, count: number): string {
  return String(value).padStart(count, "0");
}
