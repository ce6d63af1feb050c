/** Checks that a peer returns what was sent, with the types of its values, before it is measured. */
import { deepStrictEqual } from "node:assert";

/**
 * Makes each call of the workload once. Floors return no values and are not checked.
 *
 * @throws AssertionError if a response differs from the expected one
 */
export async function checkAnswers({ call, answers = [] }) {
  for (const answer of answers) deepStrictEqual(described(await call()), described(answer));
}

/** Describes a value by its class and content. Temporal's classes hide theirs from a comparison of properties. */
function described(value) {
  if (value instanceof Uint8Array) return `bytes ${Buffer.from(value).toString("hex")}`;
  if (Array.isArray(value)) return value.map(described);
  if (typeof value !== "object" || value === null) return value;
  const kind = value.constructor?.name ?? "Object";
  if (kind !== "Object") return `${kind} ${JSON.stringify(value)}`;
  const present = Object.entries(value).filter(([, field]) => field !== undefined);
  return Object.fromEntries(present.map(([name, field]) => [name, described(field)]));
}
