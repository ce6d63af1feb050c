/** From a command's name to what answers it. */

import {
  CommandResponder,
  decoratedResponders,
  type RawResponder,
  type Responder,
} from "../command/responder.ts";
import { InvalidSignature } from "../errors/caller.ts";
import { shownValue } from "../wire/value-text.ts";

/** Anything that finds responders by name. */
export interface ResponderLocator {
  /** Returns undefined where nobody answers the command. */
  locateResponder(name: string): Responder | undefined;
}

/**
 * Where responders come from: a responder made by `command.responder(...)`; another locator; or an object, of
 * which the decorated methods count, and methods named `amp_NAME`, which get the raw box of command NAME
 * (in any case, as with Twisted's SimpleStringLocator).
 */
export type ResponderSource = CommandResponder | ResponderLocator | object;

/** What `amp_NAME` methods begin with. */
const RAW_PREFIX = "amp_";

/**
 * Joins sources to one locator. A responder given directly comes before any other source; of the others the
 * first that knows the command wins.
 * @throws InvalidSignature when two responders are given for one command, or a source holds no responder
 */
export function locator(...sources: readonly ResponderSource[]): ResponderLocator {
  const direct = new Map<string, CommandResponder>();
  const others: ResponderLocator[] = [];
  for (const source of sources) {
    if (!(source instanceof CommandResponder)) {
      others.push(isLocator(source) ? source : objectLocator(source));
    } else if (direct.has(source.command.name)) {
      throw new InvalidSignature(`two responders are given for ${source.command.name}`);
    } else {
      direct.set(source.command.name, source);
    }
  }
  return joined([new Table(direct), ...others]);
}

/** The first of them that knows a command answers it. */
function joined(locators: readonly ResponderLocator[]): ResponderLocator {
  const flat = locators.flatMap((one) => (one instanceof Chain ? one.links : [one]));
  const links: ResponderLocator[] = [];
  for (const link of flat) {
    const last = links.at(-1);
    // Two tables beside each other are one: so most asks are found by one look, however locators were joined.
    if (last instanceof Table && link instanceof Table) links[links.length - 1] = last.before(link);
    else links.push(link);
  }
  const [only] = links;
  return only !== undefined && links.length === 1 ? only : new Chain(links);
}

/** Responders that never change. */
class Table implements ResponderLocator {
  readonly #responders: ReadonlyMap<string, CommandResponder>;

  constructor(responders: ReadonlyMap<string, CommandResponder>) {
    this.#responders = responders;
  }

  locateResponder(name: string): CommandResponder | undefined {
    return this.#responders.get(name);
  }

  before(other: Table): Table {
    return new Table(new Map([...other.#responders, ...this.#responders]));
  }
}

class Chain implements ResponderLocator {
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
}

function isLocator(source: Partial<ResponderLocator> | undefined): source is ResponderLocator {
  return typeof source?.locateResponder === "function"; // a program in JavaScript may give anything: see below
}

function objectLocator(instance: object): ResponderLocator {
  if (typeof instance !== "object" || instance === null) {
    throw new InvalidSignature(
      `a locator is made of responders, objects and locators, not of ${shownValue(instance)}`,
    );
  }
  const decorated = decoratedResponders(instance);
  if (decorated === undefined) {
    const rawNames = rawMethodNames(instance);
    if (rawNames.length === 0) {
      throw new InvalidSignature(
        "this object has neither methods decorated with @Command.responder nor amp_NAME methods",
      );
    }
    for (const name of rawNames) checkRawName(name);
  }
  return {
    locateResponder: (name) => decorated?.get(name) ?? rawMethod(instance, RAW_PREFIX + name.toUpperCase()),
  };
}

/** Returns the names of the methods `amp_NAME`, also of those that a class inherits. Calls no getter. */
function rawMethodNames(instance: object): string[] {
  const names: string[] = [];
  for (let layer: object | null = instance; layer !== null; layer = Object.getPrototypeOf(layer)) {
    names.push(...Object.getOwnPropertyNames(layer).filter((name) => name.startsWith(RAW_PREFIX)));
  }
  return names;
}

/** @throws InvalidSignature for a method that no ask can reach */
function checkRawName(methodName: string): void {
  const reachable = RAW_PREFIX + methodName.slice(RAW_PREFIX.length).toUpperCase();
  if (methodName !== reachable)
    throw new InvalidSignature(`the method ${methodName} would never be called: name it ${reachable}`);
}

function rawMethod(instance: object, methodName: string): RawResponder | undefined {
  const method: unknown = Reflect.get(instance, methodName);
  if (typeof method !== "function") return undefined;
  // A method of that name says that it takes a box and answers with one.
  return (box, context) => (method as RawResponder).call(instance, box, context);
}
