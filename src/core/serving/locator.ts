/** Locators: they map the name of a command to its responder. */

import {
  asCommandResponder,
  CommandResponder,
  decoratedResponders,
  isResponderOfCopy,
  type RawResponder,
  type Responder,
} from "../command/responder.ts";
import { brand, RESPONDER_BRAND, SEAM } from "../errors/brand.ts";
import { InvalidSignature } from "../errors/caller.ts";
import { shownValue, wrongType } from "../wire/value-text.ts";

/** An object that maps command names to responders. */
export interface ResponderLocator {
  /** Returns the responder of a command, or undefined if there is none. */
  locateResponder(name: string): Responder | undefined;
  /**
   * Returns the names of all commands that have a responder, or undefined if they cannot be listed. Optional: `ampwire/nats`
   * subscribes to each command separately if the names are known.
   */
  names?(): readonly string[] | undefined;
}

/**
 * A source of responders: a responder made by `command.responder(...)`, another locator, or an object. The responders of an
 * object are its decorated methods and its methods named `amp_NAME`. Such a method gets the raw box of command NAME, which
 * may be written in any case, as with Twisted's SimpleStringLocator. As there, a property `baseDispatchPrefix` of the object is
 * the prefix of these names in place of `amp_`.
 */
export type ResponderSource = CommandResponder | ResponderLocator | object;

/** Default prefix of the names of methods that get the raw box. */
const RAW_PREFIX = "amp_";
/**
 * Maximum length of the name of such a method. V8 derives the hash of a property name over 16,383 characters from its length
 * alone, so it would compare each long name from a peer with all earlier ones.
 */
const MAX_RAW_NAME = 16_383;

/**
 * Joins sources into one locator. A responder passed directly takes precedence over all other sources. Among the others, the
 * first source with a responder for the command is used.
 * @throws InvalidSignature if two responders are passed for one command, or if a source has no responder
 */
export function locator(...sources: readonly ResponderSource[]): ResponderLocator {
  const direct = new Map<string, CommandResponder>();
  const others: ResponderLocator[] = [];
  for (const source of sources) {
    if (!isResponder(source)) {
      others.push(isLocator(source) ? source : objectLocator(source));
    } else if (direct.has(source.command.name)) {
      throw new InvalidSignature(`two responders are given for ${source.command.name}`);
    } else {
      direct.set(source.command.name, source);
    }
  }
  return joined([new Table(direct), ...others]);
}

/** Joins locators into one: the first locator with a responder for the command is used. */
function joined(locators: readonly ResponderLocator[]): ResponderLocator {
  const flat = locators.flatMap((one) => (one instanceof Chain ? one.links : [one]));
  const links: ResponderLocator[] = [];
  for (const link of flat) {
    const last = links.at(-1);
    // Adjacent tables are merged: most asks then need one lookup, however the locators were joined.
    if (last instanceof Table && link instanceof Table) links[links.length - 1] = last.before(link);
    else links.push(link);
  }
  const [only] = links;
  return only !== undefined && links.length === 1 ? only : new Chain(links);
}

/** A fixed set of responders. */
class Table implements ResponderLocator {
  static {
    brand(this, RESPONDER_BRAND, SEAM); // `listen` checks it: see `features/locator-option.ts`
  }

  readonly #responders: ReadonlyMap<string, CommandResponder>;
  /** The last name that was looked up, and its responder: most asks have the name of the ask before. */
  #lastName: string | undefined;
  #last: CommandResponder | undefined;

  constructor(responders: ReadonlyMap<string, CommandResponder>) {
    this.#responders = responders;
  }

  locateResponder(name: string): CommandResponder | undefined {
    if (name !== this.#lastName) {
      this.#last = this.#responders.get(name);
      this.#lastName = name;
    }
    return this.#last;
  }

  names(): string[] {
    return [...this.#responders.keys()];
  }

  /** Returns a table of both. For a command that both have, the responder of this one is used. */
  before(other: Table): Table {
    return new Table(new Map([...other.#responders, ...this.#responders]));
  }
}

/** Locators that are tried in order. */
class Chain implements ResponderLocator {
  static {
    brand(this, RESPONDER_BRAND, SEAM);
  }

  readonly links: readonly ResponderLocator[];

  constructor(links: readonly ResponderLocator[]) {
    this.links = links;
  }

  locateResponder(name: string): Responder | undefined {
    for (const link of this.links) {
      const responder = link.locateResponder(name);
      if (responder !== undefined) return responder;
    }
    return undefined;
  }

  /** Undefined if one of the locators cannot list its names. */
  names(): string[] | undefined {
    const lists = this.links.map((link) => link.names?.());
    if (lists.includes(undefined)) return undefined;
    return [...new Set(lists.flatMap((names = []) => names))];
  }
}

/** @throws InvalidSignature for a responder of another copy of the package that does not fit this one */
function isResponder(source: ResponderSource): source is CommandResponder {
  if (source instanceof CommandResponder) return true;
  if (!isResponderOfCopy(source)) return false;
  return asCommandResponder(source) !== undefined;
}

function isLocator(source: Partial<ResponderLocator> | undefined): source is ResponderLocator {
  return typeof source?.locateResponder === "function"; // a program in JavaScript may pass anything: see `objectLocator`
}

function objectLocator(source: unknown): ResponderLocator {
  // A JavaScript program may pass anything. `Object` returns an object unchanged, and an empty one for null.
  const instance: object = Object(source);
  const prefix = rawPrefix(instance);
  const decorated = decoratedResponders(instance);
  if (decorated === undefined) {
    const rawNames = rawMethodNames(instance, prefix);
    if (rawNames.length === 0) {
      throw new InvalidSignature(
        `${shownValue(source)} has no methods decorated with @Command.responder or named ${prefix}NAME`,
      );
    }
    // With another prefix, for example `on`, a name like `once` may be one of the program's own.
    if (prefix.endsWith("_")) for (const name of rawNames) checkRawName(name, prefix);
  }
  return {
    locateResponder: (name) => decorated?.get(name) ?? rawMethod(instance, prefix, name),
    // The name of a raw method may be written in any case, so its names cannot be listed.
    names: () =>
      decorated === undefined || rawMethodNames(instance, prefix).length > 0
        ? undefined
        : [...decorated.keys()],
  };
}

/** Returns the prefix of an object's methods that get the raw box. @throws InvalidSignature for an invalid one */
function rawPrefix(instance: { readonly baseDispatchPrefix?: unknown }): string {
  const { baseDispatchPrefix: prefix = RAW_PREFIX } = instance;
  if (typeof prefix === "string" && prefix !== "") return prefix;
  // An empty prefix would let the peer call every method whose name has no small letter.
  throw wrongType("baseDispatchPrefix", "a non-empty string", prefix);
}

/** Returns the names of the methods with the prefix, also of those that a class inherits. Calls no getter. */
function rawMethodNames(instance: object, prefix: string): string[] {
  const names: string[] = [];
  for (let layer: object | null = instance; layer !== null; layer = Object.getPrototypeOf(layer)) {
    names.push(...Object.getOwnPropertyNames(layer).filter((name) => name.startsWith(prefix)));
  }
  return names;
}

/** @throws InvalidSignature for a method that no ask can reach */
function checkRawName(methodName: string, prefix: string): void {
  const reachable = prefix + methodName.slice(prefix.length).toUpperCase();
  if (methodName !== reachable)
    throw new InvalidSignature(`the method ${methodName} would never be called: name it ${reachable}`);
}

function rawMethod(instance: object, prefix: string, name: string): RawResponder | undefined {
  if (prefix.length + name.length > MAX_RAW_NAME) return undefined;
  const methodName = prefix + name.toUpperCase();
  // In Unicode, `ß` becomes `SS`, and the long s becomes `S`: such a name is not another spelling of the command.
  const isSpelling = methodName.toLowerCase() === (prefix + name).toLowerCase();
  if (!isSpelling) return undefined;
  const method: unknown = Reflect.get(instance, methodName);
  if (typeof method !== "function") return undefined;
  // The cast is safe by convention: a method of this name takes a box and returns one.
  return (box, context) => (method as RawResponder).call(instance, box, context);
}
