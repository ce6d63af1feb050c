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

/** The same, where it is not known whose options they are. */
export type Values = Readonly<Record<string, string | boolean | string[] | undefined>>;

interface Given<V> {
  readonly values: V;
  readonly positionals: readonly string[];
  readonly terminal: Terminal;
}

interface Description<O extends Options> {
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
}

interface Definition<O extends Options> extends Description<O> {
  /** @returns the exit code, 0 where nothing is said */
  run(given: Given<ValuesOf<O>>): Promise<number | undefined>;
}

/** A verb in the table of them, which forgets which options are whose. */
export interface Subcommand extends Description<Options> {
  /** @param given its values are what the verb's own options came to */
  run(given: Given<Values>): Promise<number | undefined>;
}

/** Infers the options' types. */
export function subcommand<const O extends Options>(definition: Definition<O>): Subcommand {
  return {
    ...definition,
    // Made of these very options: `parseArgs` can say so only where it knows which they are.
    run: ({ values, ...given }) => definition.run({ ...given, values: values as ValuesOf<O> }),
  };
}
