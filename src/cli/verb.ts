/** What a verb of the command is: its words, its options, and what it does. */
import type { Terminal } from "./print/terminal.ts";

/** An option as `util.parseArgs` takes it, and as `--help` shows it. */
export interface Option {
  readonly type: "string" | "boolean";
  readonly short?: string;
  readonly multiple?: boolean;
  /** What stands for the value in the help. */
  readonly value?: string;
  readonly help: string;
}

export type Options = Readonly<Record<string, Option>>;

/** Every verb has these. */
export const commonOptions = {
  json: { type: "boolean", help: "results as JSON, one line each; errors too, on standard error" },
  help: { type: "boolean", short: "h", help: "this" },
} as const satisfies Options;

/** What the options came to. */
type ValuesOf<O extends Options> = {
  readonly [K in keyof O]?: O[K] extends { readonly type: "boolean" }
    ? boolean
    : O[K] extends { readonly multiple: true }
      ? string[]
      : string;
};

interface Given<O extends Options> {
  readonly values: ValuesOf<O>;
  readonly positionals: readonly string[];
  readonly terminal: Terminal;
}

export interface Verb<O extends Options> {
  /** One word or two. */
  readonly name: string;
  /** One line. */
  readonly summary: string;
  readonly usage: string;
  /** How many operands there must be at least, and may be at most. */
  readonly operands: readonly [least: number, most: number];
  /** What the options do not say. */
  readonly about?: string;
  readonly options: O;
  /** What to type, and what it is for. */
  readonly examples: readonly (readonly [command: string, purpose: string])[];
  /** @returns the exit code, 0 where nothing is said */
  run(given: Given<O>): Promise<number | undefined>;
}

// The table of verbs forgets which options are whose: each is only ever run with its own.
// biome-ignore lint/suspicious/noExplicitAny: no other type stands for all of them
export type AnyVerb = Verb<any>;

/** Infers the options' types. */
export function verb<const O extends Options>(definition: Verb<O>): Verb<O> {
  return definition;
}
