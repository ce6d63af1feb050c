/** The types of properties.mjs, for the tests. */
import type { Arbitrary } from "fast-check";

export interface Property<Input = unknown> {
  readonly name: string;
  readonly promise: string;
  readonly arbitrary: Arbitrary<Input>;
  /** Throws, or rejects, where the promise is broken. */
  readonly check: (input: Input) => void | Promise<void>;
  /** Its inputs are bytes: they can be mutated, and kept in a corpus. */
  readonly bytes?: true;
  /** Of the time that there is. */
  readonly share: number;
  /** Number of runs for each minute of `--seconds`, and at least once, however long they take. Such a property has no share. */
  readonly runsPerMinute?: number;
}

export declare const properties: readonly Property[];
export declare function corpusOf(property: Property): Uint8Array[];
