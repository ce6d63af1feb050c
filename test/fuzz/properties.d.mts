/** Types of properties.mjs, for the tests. */
import type { Arbitrary } from "fast-check";

export interface Property<Input = unknown> {
  readonly name: string;
  readonly promise: string;
  readonly arbitrary: Arbitrary<Input>;
  /** Throws or rejects if the input breaks the promise. */
  readonly check: (input: Input) => void | Promise<void>;
  /** True if the inputs are bytes, which can be mutated and kept in a corpus. */
  readonly bytes?: true;
  /** Share of the available time, relative to the other properties. */
  readonly share: number;
  /** Number of runs for each minute of `--seconds`, and at least once, however long they take. Such a property has no share. */
  readonly runsPerMinute?: number;
}

export declare const properties: readonly Property[];
export declare function corpusOf(property: Property): Uint8Array[];
