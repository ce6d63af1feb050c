/** Types of diagrams.mjs, for the tests. */
import type { STATES } from "../../src/core/connection/states.ts";
import type { encodeBox } from "../../src/index.ts";

/** @returns the files of docs/diagrams/ */
export function diagrams(states: typeof STATES, encode: typeof encodeBox): Readonly<Record<string, string>>;
