/** Commands as data, independent of language: `import` reads them from Python, `export` from TypeScript. */

export interface ModuleDescription {
  readonly errors: readonly ErrorDescription[];
  /** All commands; base commands precede their extensions. */
  readonly commands: readonly CommandDescription[];
}

export interface ErrorDescription {
  readonly name: string;
  /** Another error class of the module, by its `name`. */
  readonly base?: string | null | undefined;
  /** True for a class of the language, which the module does not define. */
  readonly builtin: boolean;
  readonly documentation?: string | null | undefined;
}

export interface CommandDescription {
  /** Name in the module. */
  readonly className: string;
  /** Name on the wire. Bytes that are not UTF-8 become lone surrogates, as in all keys. */
  readonly name: string;
  readonly kind: "command" | "startTLS" | "protocolSwitch";
  /** Another command of the module, by its `className`. */
  readonly base?: string | null | undefined;
  readonly documentation?: string | null | undefined;
  /** All arguments, including those of the base. */
  readonly arguments: Types;
  readonly response: Types;
  /** Names of error classes by error code, including those of the base. */
  readonly errors: Readonly<Record<string, string>>;
  readonly fatalErrors: Readonly<Record<string, string>>;
  readonly requiresAnswer: boolean;
  readonly requireTLS: boolean;
  readonly idempotent: boolean;
  /** True for the response type `QuitBox`: the connection closes after the answer. */
  readonly quits?: boolean | undefined;
}

export type Types = Readonly<Record<string, TypeDescription>>;

export interface TypeDescription {
  /**
   * Type name as in `ArgumentDescription`. `Local` is never sent. `Unknown` is a custom codec. `Big` and `Compressed` have the
   * type of the whole value as `element`.
   */
  readonly type: string;
  readonly optional: boolean;
  readonly element?: TypeDescription | undefined;
  readonly fields?: Types | undefined;
  /** Options as JSON. `Infinity`, which JSON lacks, is the string "Infinity". */
  readonly options?: object | undefined;
  /** Compression of a `Big`, `BigBytes` or `BigUnicode` type. */
  readonly compression?: "none" | "whole" | "pieces" | undefined;
  /** Class name of an `Unknown` type, and of an `AmpList` type that converts its rows in a way of its own. */
  readonly className?: string | undefined;
  /** True for an `Unknown` type that reads and writes keys of the box itself. */
  readonly ownBox?: boolean | undefined;
}

/** The parts that a command adds to its base. */
export type OwnParts = Pick<
  CommandDescription,
  | "arguments"
  | "response"
  | "errors"
  | "fatalErrors"
  | "requiresAnswer"
  | "requireTLS"
  | "idempotent"
  | "quits"
>;

const NOTHING: OwnParts = {
  arguments: {},
  response: {},
  errors: {},
  fatalErrors: {},
  requiresAnswer: true,
  requireTLS: false,
  idempotent: false,
  quits: false,
};

/**
 * Returns the base of a command and the parts that the command adds. A Python class may drop arguments of its base, an
 * extension cannot. Such a command is returned without a base, with all its parts.
 */
export function extensionOf(
  command: CommandDescription,
  commands: readonly CommandDescription[],
): { readonly base: CommandDescription | undefined; readonly own: OwnParts; readonly from: OwnParts } {
  const base = commands.find(({ className }) => className === command.base);
  if (base === undefined || base.kind !== command.kind || !hasAllOf(command, base)) {
    return { base: undefined, own: command, from: NOTHING };
  }
  return {
    base,
    own: {
      ...command,
      arguments: without(command.arguments, base.arguments),
      response: without(command.response, base.response),
      errors: without(command.errors, base.errors),
      fatalErrors: without(command.fatalErrors, base.fatalErrors),
    },
    from: base,
  };
}

function hasAllOf(command: CommandDescription, base: CommandDescription): boolean {
  const names = (key: "arguments" | "response") => Object.keys(base[key]);
  return (["arguments", "response"] as const).every((key) =>
    names(key).every((name) => Object.hasOwn(command[key], name)),
  );
}

function without<T>(all: Readonly<Record<string, T>>, base: Readonly<Record<string, T>>): Record<string, T> {
  const same = (name: string, value: T) => JSON.stringify(base[name]) === JSON.stringify(value);
  return Object.fromEntries(Object.entries(all).filter(([name, value]) => !same(name, value)));
}

/** Chooses identifiers. A reserved name, or one in use, gets an underscore. */
export class Names {
  readonly #taken: Set<string>;
  readonly #chosen = new Map<string, string>();
  readonly #valid: RegExp;

  constructor(reserved: Iterable<string>, valid: RegExp) {
    this.#taken = new Set(reserved);
    this.#valid = valid;
  }

  /**
   * Returns the identifier of `thing`, the same for each call.
   * @param name the preferred identifier
   */
  of(thing: string, name = thing): string {
    const known = this.#chosen.get(thing);
    if (known !== undefined) return known;
    let chosen = name.replace(/[^\p{L}\p{N}_]/gu, "_");
    if (!this.#valid.test(chosen)) chosen = `_${chosen}`;
    while (this.#taken.has(chosen)) chosen += "_";
    this.#taken.add(chosen);
    this.#chosen.set(thing, chosen);
    return chosen;
  }
}
