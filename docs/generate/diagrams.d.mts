/** Types of diagrams.mjs, for the tests. */
import type { STATES } from "../../src/core/connection/states.ts";

/** @returns the files of docs/diagrams/ */
export function diagrams(states: typeof STATES): Readonly<Record<string, string>>;
