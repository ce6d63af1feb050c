/**
 * Check of the names of options. A misspelt option would be ignored: `startTLS({ verifyAuthority })` would verify nothing.
 * Each entry point lists the names of its options. `test/types/options.test-d.ts` compares the lists with the types.
 */
import { shownValue } from "./errors/shown-value.ts";

/** Longer names get no suggestion: the comparison of two names takes time in proportion to the product of their lengths. */
const MAX_COMPARED = 40;

/** Names of the options that all connections accept. An entry point adds its own. */
export const CONNECTION_OPTIONS = [
  "locator",
  "receiver",
  "tls",
  "requireTLS",
  "limits",
  "callTimeout",
  "callStacks",
  "heartbeat",
  "extensions",
  "finishHalfClosed",
  "closeOnUndeclaredError",
  "onError",
  "observer",
] as const;

/** Names of the options of `close`. */
export const CLOSE_OPTIONS = ["timeout", "signal"] as const;

/**
 * Checks that every option exists and that none is null. A value of undefined means the default.
 * @param what the function or the option that has these options, for messages
 * @param intended names of another library, for example of `node:tls`, and the options that do the same here
 * @throws TypeError for a value that is not an object, or for an option: the message names it, and a similar one if there is one
 */
export function checkOptionNames(
  what: string,
  given: object = {},
  known: readonly string[],
  intended: Readonly<Record<string, string>> = {},
): void {
  checkIsObject(what, given);
  const options = given as Readonly<Record<string, unknown>>; // only read
  // With inherited options, which are used too. A `for...in` loop is fastest: calls check their options.
  for (const name in options) {
    if (!known.includes(name)) throw unknownOption(what, name, known, intended);
    if (options[name] === null) throw new TypeError(`${what}: the option ${name} must not be null`);
  }
}

/**
 * @throws TypeError for options that are not an object, which a JavaScript program may pass, and for an array or a Map: an empty
 * array and every Map have no name to refuse, and would count as no options
 */
export function checkIsObject(what: string, options: unknown): void {
  if (typeof options !== "object" || options === null || Symbol.iterator in options)
    throw new TypeError(`${what}: the options must be an object, not ${shownValue(options)}`);
}

/** Returns the error for an option that does not exist. */
export function unknownOption(
  what: string,
  name: string,
  known: readonly string[],
  intended: Readonly<Record<string, string>> = {},
): TypeError {
  const similar = Object.hasOwn(intended, name) ? intended[name] : similarName(name, known);
  const hint = similar === undefined ? "" : ` (did you mean "${similar}"?)`;
  return new TypeError(`${what}: unknown option ${JSON.stringify(name)}${hint}`);
}

/** Returns the known name that a user may have meant. */
export function similarName(name: string, known: readonly string[]): string | undefined {
  if (name.length > MAX_COMPARED) return undefined;
  const lower = name.toLowerCase();
  let best = known.find(
    (candidate) => lower.length > 2 && candidate.toLowerCase().startsWith(lower.replace(/s$/, "")),
  );
  let least = Math.max(2, name.length / 3); // a third of the letters may differ
  for (const candidate of known) {
    const distance = editDistance(lower, candidate.toLowerCase());
    if (distance < least) {
      best = candidate;
      least = distance;
    }
  }
  return best;
}

/** Returns the number of letters to insert, remove or replace to turn one text into the other (Levenshtein). */
function editDistance(a: string, b: string): number {
  let row = [...b, ""].map((_, index) => index);
  for (let i = 0; i < a.length; i++) {
    const next = [i + 1];
    for (let j = 0; j < b.length; j++) {
      const replaced = (row[j] as number) + (a[i] === b[j] ? 0 : 1);
      next.push(Math.min(replaced, (row[j + 1] as number) + 1, (next[j] as number) + 1));
    }
    row = next;
  }
  return row[b.length] as number;
}
