/** AMP's DateTime: a date and time with a fixed offset from UTC. */
import { Temporal } from "temporal-polyfill";
import { messageOf } from "../errors/to-error.ts";
import { type InPlaceArgument, inPlaceArgument } from "../schema/argument.ts";
import type { ByteWriter } from "../wire/byte-writer.ts";
import { shownBytes, shownValue } from "../wire/value-text.ts";
import { readInteger } from "./integer.ts";

/** `YYYY-MM-DDTHH:MM:SS.ffffff+HH:MM` */
const LENGTH = 32;
const PLUS = 0x2b;
const MINUS = 0x2d;
const DAY_MINUTES = 24 * 60;
const MINUTE_NANOSECONDS = 60_000_000_000;

/**
 * AMP's DateTime as a `Temporal.ZonedDateTime` with microseconds. Its time zone is a fixed offset in whole minutes. If the
 * platform has Temporal, values have the class of the platform, else that of temporal-polyfill. A ZonedDateTime of either
 * class can be sent, in any time zone and calendar.
 *
 * Accepts exactly 32 bytes, `YYYY-MM-DDTHH:MM:SS.ffffff+HH:MM` (Twisted's `amp.DateTime`). As in Twisted, the separators may
 * be any ASCII characters, and the numbers may be any integer text of Python. Rejects other lengths, dates that do not exist,
 * year 0, a leap second and an offset of 24 hours or more. `+00:00` and `-00:00` are both UTC. Sends UTC as `-00:00`, as
 * Twisted does.
 *
 * @throws TypeError when encoding a value that is not a ZonedDateTime
 * @throws RangeError when encoding a year before 1 or after 9999, nanoseconds, or an offset with seconds (as historical time
 *   zones have): the wire format has no room for them, and values are never rounded
 * @throws SyntaxError, RangeError when decoding
 */
export function dateTime(): InPlaceArgument<Temporal.ZonedDateTime> {
  return inPlaceArgument({ write, read }, { type: "DateTime" });
}

function write(value: Temporal.ZonedDateTime, out: ByteWriter): void {
  // Not `instanceof`: the platform and the polyfill have different classes.
  if (Object.prototype.toString.call(value) !== "[object Temporal.ZonedDateTime]") {
    throw new TypeError(`a Temporal.ZonedDateTime is needed, not ${shownValue(value)}`);
  }
  const iso = value.withCalendar("iso8601");
  const offset = iso.offsetNanoseconds / MINUTE_NANOSECONDS;
  if (iso.year < 1 || iso.year > 9999) throw new RangeError(`the year must be from 1 to 9999: ${iso}`);
  if (!Number.isInteger(offset)) throw new RangeError(`the offset must be in whole minutes: ${iso}`);
  if (iso.nanosecond !== 0) {
    throw new RangeError(`nanoseconds cannot be sent, use .round("microsecond") first: ${iso}`);
  }
  const minutes = Math.abs(offset);
  out.ascii(
    `${digits(iso.year, 4)}-${digits(iso.month, 2)}-${digits(iso.day, 2)}` +
      `T${digits(iso.hour, 2)}:${digits(iso.minute, 2)}:${digits(iso.second, 2)}` +
      `.${digits(iso.millisecond * 1000 + iso.microsecond, 6)}` +
      `${offset > 0 ? "+" : "-"}${digits(Math.floor(minutes / 60), 2)}:${digits(minutes % 60, 2)}`,
  );
}

function read(bytes: Uint8Array, start: number, end: number): Temporal.ZonedDateTime {
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
      timeZone: offsetText(bytes[start + 26], number(27, 29), number(30, 32)),
    };
    return Temporal.ZonedDateTime.from(fields, { overflow: "reject" });
  } catch (cause) {
    const reason = messageOf(cause);
    throw new RangeError(`not a date and time: ${shownBytes(bytes, start, end)}: ${reason}`, { cause });
  }
}

/** Returns the name of a time zone, for example `+01:30`. As in Twisted, minutes may exceed 59, and hours and minutes may be signed. */
function offsetText(sign: number | undefined, hours: number, minutes: number): string {
  if (sign !== PLUS && sign !== MINUS) throw new RangeError("the offset needs a sign");
  const east = inRange(hours * 60 + minutes, 1 - DAY_MINUTES, DAY_MINUTES - 1) * (sign === PLUS ? 1 : -1);
  const offset = Math.abs(east);
  return `${east < 0 ? "-" : "+"}${digits(Math.floor(offset / 60), 2)}:${digits(offset % 60, 2)}`;
}

function inRange(value: number, least: number, most: number): number {
  if (value < least || value > most) throw new RangeError(`${value} is not in ${least}..${most}`);
  return value;
}

function digits(value: number, count: number): string {
  return String(value).padStart(count, "0");
}
