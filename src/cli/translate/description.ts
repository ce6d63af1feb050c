/** Commands as data, in neither language: what `import` reads from Python, and `export` from TypeScript. */

export interface ModuleDescription {
  readonly errors: readonly ErrorDescription[];
  /** A base comes before what extends it. */
  readonly commands: readonly CommandDescription[];
}

export interface ErrorDescription {
  readonly name: string;
  /** Another one of the module. */
  readonly base?: string | null | undefined;
  /** The language's own, which is not to be defined. */
  readonly builtin: boolean;
  readonly documentation?: string | null | undefined;
}

export interface CommandDescription {
  /** What the module calls it. */
  readonly className: string;
  /** On the wire. What is no UTF-8 stands as lone surrogates, as in all keys. */
  readonly name: string;
  readonly kind: "command" | "startTLS" | "protocolSwitch";
  /** Another command of the module, by its `className`. */
  readonly base?: string | null | undefined;
  readonly documentation?: string | null | undefined;
  /** All of them, those of the base too. */
  readonly arguments: Types;
  readonly response: Types;
  /** Tags to names of errors. All of them, too. */
  readonly errors: Readonly<Record<string, string>>;
  readonly fatalErrors: Readonly<Record<string, string>>;
  readonly requiresAnswer: boolean;
  readonly requireTLS: boolean;
  readonly idempotent: boolean;
}

export type Types = Readonly<Record<string, TypeDescription>>;

export interface TypeDescription {
  /** As in `ArgumentDescription`; `Local` for what never travels, `Unknown` for what is neither AMP's nor ours. */
  readonly type: string;
  readonly optional: boolean;
  readonly element?: TypeDescription | undefined;
  readonly fields?: Types | undefined;
  /** What JSON has. `Infinity`, which it has not, stands here as that word. */
  readonly options?: object | undefined;
  /** The class of an unknown one. */
  readonly className?: string | undefined;
}

/** What a command says that its base does not. */
export type OwnParts = Pick<
  CommandDescription,
  "arguments" | "response" | "errors" | "fatalErrors" | "requiresAnswer" | "requireTLS" | "idempotent"
>;

const NOTHING: OwnParts = {
  arguments: {},
  response: {},
  errors: {},
  fatalErrors: {},
  requiresAnswer: true,
  requireTLS: false,
  idempotent: false,
};

/**
 * The base of a command and what it adds to it. A Python class may drop arguments of its base, which an extension
 * cannot: that one has no base then, and says all itself.
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

/** Names for a language's identifiers: those that it keeps for itself, or that are taken, get an underscore. */
export class Names {
  readonly #taken: Set<string>;
  readonly #chosen = new Map<string, string>();
  readonly #valid: RegExp;

  constructor(reserved: Iterable<string>, valid: RegExp) {
    this.#taken = new Set(reserved);
    this.#valid = valid;
  }

  /**
   * The same for the same thing.
   * @param name what it would be called best
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
