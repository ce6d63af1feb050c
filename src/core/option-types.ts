/**
 * Check of the types of options. A value of the wrong type must not pass for another one: with `requireTLS: "verifed"` a
 * connection would not verify its peer, and a text as `onError` would fail when an error is reported.
 */

const TESTS = {
  boolean: (value: unknown) => typeof value === "boolean",
  function: (value: unknown) => typeof value === "function",
  object: (value: unknown) => typeof value === "object" && value !== null,
};

const TEXTS = { boolean: "true or false", function: "a function", object: "an object" };

/**
 * Checks options that a JavaScript program may have set to any value. An undefined value is not checked.
 * @param what the function that has these options, for messages
 * @param types the types by the names of the options
 * @throws TypeError: the message names the option
 */
export function checkOptionTypes(
  what: string,
  options: object,
  types: Readonly<Record<string, keyof typeof TESTS>>,
): void {
  const given = options as Readonly<Record<string, unknown>>; // only read
  for (const [name, type] of Object.entries(types)) {
    const value = given[name];
    if (value !== undefined && !TESTS[type](value))
      throw new TypeError(`${what}: ${name} must be ${TEXTS[type]}, not ${typeof value}`);
  }
}
