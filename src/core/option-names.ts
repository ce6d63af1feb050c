/**
 * Check of the names of options. A misspelt option would be ignored: `startTLS({ verifyAuthority })` would verify nothing.
 * The lists of names must agree with the types of the options: `test/types/options.test-d.ts` compares them.
 */

/** Names of other libraries, mostly of `node:tls`, and the options that do the same here. */
const INTENDED: Readonly<Record<string, string>> = {
  ca: "verifyAuthorities",
  rejectUnauthorized: "verifyAuthorities",
  requestCert: "verifyAuthorities",
  cert: "localCertificate",
  key: "localCertificate",
  pfx: "localCertificate",
  secureProtocol: "minVersion",
  args: "arguments",
  returns: "response",
  timeout: "connectTimeout",
};
/** Longer names get no suggestion: the comparison of two names takes time in proportion to the product of their lengths. */
const MAX_COMPARED = 40;

/** Names of the `tls` option of a connection, on all platforms. */
export const TLS_OPTIONS = [
  "localCertificate",
  "verifyAuthorities",
  "serverName",
  "minVersion",
  "maxVersion",
] as const;

/** Names of the options of `startTLS`. */
export const START_TLS_OPTIONS = [...TLS_OPTIONS, "requireQuiescent", "timeout", "signal"] as const;

/** Names of the options that all connections accept. An entry point adds its own. */
export const CONNECTION_OPTIONS = [
  "locator",
  "receiver",
  "tls",
  "requireTLS",
  "limits",
  "callTimeout",
  "heartbeat",
  "closeOnUndeclaredError",
  "onError",
  "observer",
] as const;

/**
 * Checks that every option exists and that none is null. A value of undefined means the default.
 * @param what the function or the option that has these options, for messages
 * @throws TypeError: the message names the option, and a similar one if there is one
 */
export function checkOptionNames(what: string, given: object | undefined, known: readonly string[]): void {
  if (given === undefined) return;
  // A JavaScript program may pass a value of any type.
  if (typeof given !== "object" || given === null)
    throw new TypeError(
      `${what}: the options must be an object, not ${given === null ? "null" : typeof given}`,
    );
  for (const [name, value] of Object.entries(given)) {
    if (!known.includes(name)) throw new TypeError(unknownOption(what, name, known));
    if (value === null)
      throw new TypeError(`${what}: the option ${name} must not be null: omit it to use the default`);
  }
}

/** Returns the message for an option that does not exist. */
export function unknownOption(what: string, name: string, known: readonly string[]): string {
  const similar = similarName(name, known);
  const hint = similar === undefined ? "" : ` (did you mean "${similar}"?)`;
  return `${what}: unknown option ${JSON.stringify(name)}${hint}`;
}

function similarName(name: string, known: readonly string[]): string | undefined {
  const intended = Object.hasOwn(INTENDED, name) ? (INTENDED[name] as string) : "";
  if (known.includes(intended)) return intended;
  if (name.length > MAX_COMPARED) return undefined;
  const lower = name.toLowerCase();
  let best: string | undefined;
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
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
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
