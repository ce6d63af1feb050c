/**
 * Check of the types of options. A value of the wrong type must not pass for another one: with `requireTLS: "verifed"` a
 * connection would not verify its peer, and a text as `onError` would fail when an error is reported.
 */
import { shownValue } from "./errors/shown-value.ts";

/** Types, as `typeof` names them, and their names in messages. */
const TYPES = { boolean: "true or false", function: "a function", object: "an object" };

/**
 * Checks options that a JavaScript program may have set to any value. An undefined value is not checked.
 * @param what the function that has these options, for messages
 * @param types the types by the names of the options
 * @throws TypeError: the message names the option
 */
export function checkOptionTypes(
  what: string,
  options: object,
  types: Readonly<Record<string, keyof typeof TYPES>>,
): void {
  const given = options as Readonly<Record<string, unknown>>; // only read
  for (const [name, type] of Object.entries(types)) {
    const value = given[name];
    if (value === null || (value !== undefined && typeof value !== type))
      throw new TypeError(`${what}: ${name} must be ${TYPES[type]}, not ${shownValue(value)}`);
  }
}
