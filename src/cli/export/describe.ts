/** Describes the commands of a loaded module as data. */

import { baseOf } from "../../core/command/command.ts";
import { type ErrorCodes, type ErrorWithData, errorClassOf } from "../../core/errors/declared-errors.ts";
import {
  type Argument,
  type Command,
  type Fields,
  quitBox,
  StartTLS,
  switchBox,
  tlsBox,
} from "../../index.ts";
import type { NamedCommand } from "../module/commands.ts";
import type { ModuleExports } from "../module/load.ts";
import type {
  CommandDescription,
  ErrorDescription,
  ModuleDescription,
  TypeDescription,
  Types,
} from "../translate/description.ts";

/** @param documentation doc comments by export name */
export function describeModule(
  exports: ModuleExports,
  commands: readonly NamedCommand[],
  documentation: ReadonlyMap<string, string>,
): ModuleDescription {
  const errors = new Errors(exports, documentation);
  const described = inOrder(commands).map(({ exportName, command }): CommandDescription => {
    const base = commands.find((one) => one.command === baseOf(command));
    const kind = kindOf(command);
    return {
      className: exportName === "default" ? command.name : exportName,
      name: command.name,
      kind,
      base: base?.exportName,
      documentation: documentation.get(exportName),
      arguments: describeTypes(command.arguments),
      response: describeTypes(command.response),
      // Twisted's StartTLS declares these errors itself.
      errors: errors.describe(command.errors, kind === "startTLS" ? StartTLS.errors : {}),
      fatalErrors: errors.describe(command.fatalErrors),
      requiresAnswer: command.requiresAnswer,
      requireTLS: command.requireTLS,
      idempotent: command.idempotent,
      quits: command.responseType === quitBox,
    };
  });
  return { errors: errors.all(), commands: described };
}

/** Sorts base commands before their extensions, and keeps the order otherwise. */
function inOrder(commands: readonly NamedCommand[]): NamedCommand[] {
  const ordered: NamedCommand[] = [];
  const add = (one: NamedCommand) => {
    if (ordered.includes(one)) return;
    const base = commands.find(({ command }) => command === baseOf(one.command));
    if (base !== undefined) add(base);
    ordered.push(one);
  };
  for (const one of commands) add(one);
  return ordered;
}

function kindOf({ responseType }: Command): CommandDescription["kind"] {
  if (responseType === tlsBox) return "startTLS";
  return responseType === switchBox ? "protocolSwitch" : "command";
}

function describeTypes(fields: Fields): Types {
  return Object.fromEntries(Object.entries(fields).map(([name, codec]) => [name, describeType(codec)]));
}

function describeType(codec: Argument<unknown>): TypeDescription {
  // In Python, both give None for an absent key.
  const optional = ("optional" in codec && codec.optional === true) || "nullable" in codec;
  if ("local" in codec && codec.local === true) return { type: "Local", optional: true };
  const { description } = codec;
  if (description === undefined) return { type: "Unknown", optional, className: "the module" };
  const { type, element, fields, options } = description;
  return {
    type,
    optional,
    ...(element && { element: describeType(element) }),
    ...(fields && { fields: describeTypes(fields) }),
    ...(options && Object.keys(options).length > 0 && { options: describeOptions(options) }),
  };
}

function describeOptions(options: object): object {
  const entries: [string, unknown][] = Object.entries(options);
  return Object.fromEntries(
    entries.map(([name, value]) => [name, value === Number.POSITIVE_INFINITY ? "Infinity" : value]),
  );
}

type ErrorClass = ErrorWithData["errorClass"];

const BUILTIN = [Error, EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError];

/** Error classes that the commands declare, with their names in the module. */
class Errors {
  readonly #found = new Map<ErrorClass, ErrorDescription>();
  readonly #exportNames: ReadonlyMap<unknown, string>;
  readonly #documentation: ReadonlyMap<string, string>;

  constructor(exports: ModuleExports, documentation: ReadonlyMap<string, string>) {
    this.#exportNames = new Map(Object.entries(exports).map(([name, value]) => [value, name]));
    this.#documentation = documentation;
  }

  describe(codes: ErrorCodes, except: ErrorCodes = {}): Record<string, string> {
    const own = Object.entries(codes).filter(([code, errorClass]) => except[code] !== errorClass);
    return Object.fromEntries(
      own.map(([code, errorClass]) => [code, this.#nameOf(errorClassOf(errorClass))]),
    );
  }

  #nameOf(errorClass: ErrorClass): string {
    const known = this.#found.get(errorClass);
    if (known !== undefined) return known.name;
    let name = this.#exportNames.get(errorClass) ?? errorClass.name;
    while ([...this.#found.values()].some((error) => error.name === name)) name += "_";
    const builtin = BUILTIN.includes(errorClass as ErrorConstructor);
    this.#found.set(errorClass, { name, builtin, documentation: this.#documentation.get(name) });
    return name;
  }

  /** Returns the classes, bases first. `base` is set only if a command declares that class too. */
  all(): ErrorDescription[] {
    const ancestors = (errorClass: ErrorClass): ErrorClass[] => {
      const above: ErrorClass | null = Object.getPrototypeOf(errorClass);
      if (above === null) return [];
      return this.#found.has(above) ? [above, ...ancestors(above)] : ancestors(above);
    };
    return [...this.#found]
      .map(([errorClass, error]) => ({ error, above: ancestors(errorClass) }))
      .sort((a, b) => a.above.length - b.above.length)
      .map(({ error, above: [base] }) => ({
        ...error,
        base: base && !error.builtin ? this.#found.get(base)?.name : undefined,
      }));
  }
}
