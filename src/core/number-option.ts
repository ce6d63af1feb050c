/** Checks of numeric options. Every message has the form "NAME must be REQUIREMENT, not VALUE". */
import { shownValue } from "./errors/shown-value.ts";

/** Values by the names of their options, for example `heartbeat.interval`. An undefined value is not checked. */
type NumberOptions = Readonly<Record<string, number | undefined>>;

/** @throws RangeError for a value that is not a number of at least 0 */
export function checkNotNegative(options: NumberOptions): void {
  check(options, "a number of at least 0", (value) => value >= 0);
}

/** @throws RangeError for a value that is not a positive number */
export function checkPositive(options: NumberOptions): void {
  check(options, "a positive number", (value) => value > 0);
}

/** @throws RangeError for a value that is neither a positive whole number nor `Infinity` */
export function checkLimit(options: NumberOptions): void {
  check(
    options,
    "a whole number of at least 1, or Infinity",
    (value) => value >= 1 && (Number.isInteger(value) || value === Number.POSITIVE_INFINITY),
  );
}

function check(options: NumberOptions, requirement: string, isValid: (value: number) => boolean): void {
  for (const [name, value] of Object.entries(options)) {
    if (value === undefined) continue;
    // A JavaScript program may pass a value of any type. NaN is never valid: a timer would take it for 0.
    if (typeof value !== "number" || !isValid(value)) throw invalidNumber(name, requirement, value);
  }
}

/** Returns the error for an invalid value of a numeric option. */
export function invalidNumber(name: string, requirement: string, value: unknown): RangeError {
  return new RangeError(`${name} must be ${requirement}, not ${shownValue(value)}`);
}
