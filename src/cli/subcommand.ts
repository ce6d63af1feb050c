/** The definition of a subcommand: its name, options, help texts and code. */
import type { Terminal } from "./print/terminal.ts";

/** An option for `util.parseArgs`, with its text for `--help`. */
export interface Option {
  readonly type: "string" | "boolean";
  readonly short?: string;
  readonly multiple?: boolean;
  /** Placeholder of the value in the help. */
  readonly value?: string;
  readonly help: string;
}

export type Options = Readonly<Record<string, Option>>;

/** Options of every subcommand. */
export const commonOptions = {
  json: { type: "boolean", help: "print results and errors as JSON, one line each" },
  help: { type: "boolean", short: "h", help: "print this help" },
} as const satisfies Options;

/** Parsed values of the options `O`. */
type ValuesOf<O extends Options> = {
  readonly [K in keyof O]?: O[K] extends { readonly type: "boolean" }
    ? boolean
    : O[K] extends { readonly multiple: true }
      ? string[]
      : string;
};

/** Parsed values of an unknown set of options. */
export type Values = Readonly<Record<string, string | boolean | string[] | undefined>>;

interface Given<V> {
  readonly values: V;
  readonly positionals: readonly string[];
  readonly terminal: Terminal;
}

interface Description<O extends Options> {
  /** One or two words. */
  readonly name: string;
  /** One line, which begins with a verb. */
  readonly summary: string;
  readonly usage: string;
  /** Minimum and maximum number of operands. */
  readonly operands: readonly [least: number, most: number];
  /** Explanation printed above the options. */
  readonly about?: string;
  readonly options: O;
  /** True if the process continues when no process reads its output any more. */
  readonly continuesWithoutReader?: boolean;
  /** Command lines, each with its purpose. */
  readonly examples: readonly (readonly [command: string, purpose: string])[];
}

interface Definition<O extends Options> extends Description<O> {
  /** @returns the exit code; undefined means 0 */
  run(given: Given<ValuesOf<O>>): Promise<number | undefined>;
}

/** A subcommand without the types of its options, as the table of all subcommands contains it. */
export interface Subcommand extends Description<Options> {
  /** @param given `values` must be parsed with the options of this subcommand */
  run(given: Given<Values>): Promise<number | undefined>;
}

/** Defines a subcommand, and infers the types of its option values. */
export function subcommand<const O extends Options>(definition: Definition<O>): Subcommand {
  return {
    ...definition,
    // The caller parsed the values with these options, but `Subcommand` does not have their types.
    run: ({ values, ...given }) => definition.run({ ...given, values: values as ValuesOf<O> }),
  };
}
