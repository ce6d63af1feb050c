/** Responders: functions and decorated methods that handle a command. */

import { anotherCopy, brand, RESPONDER_BRAND, SEAM } from "../errors/brand.ts";
import { InvalidSignature } from "../errors/caller.ts";
import type { Fields, InputOf, ValuesOf } from "../schema/argument.ts";
import type { Box } from "../wire/box.ts";
import type { AnyCommand, ResponderContext } from "./types.ts";

type Awaitable<T> = T | PromiseLike<T>;

/** Return value of a responder. If the response has no required fields, the responder may return nothing. */
type Returned<R extends Fields> = {} extends InputOf<R> ? InputOf<R> | void : InputOf<R>;

/** A function that handles a command. It may throw the errors that the command declares. */
export type Respond<A extends Fields, R extends Fields> = (
  args: ValuesOf<A>,
  context: ResponderContext,
) => Awaitable<Returned<R>>;

/**
 * A function that takes and returns boxes. It gets the whole ask, with `_ask` and `_command`, as in Twisted. The box that it
 * returns is sent with `_answer` added.
 */
export type RawResponder = (box: Box, context: ResponderContext) => Awaitable<Box>;

/** A {@link Respond} without its types. It is called only with arguments that its own command has parsed. */
export type ErasedRespond = (args: object, context: ResponderContext) => unknown;

/** A command and the function that handles it. */
export class CommandResponder {
  readonly command: AnyCommand;
  readonly respond: ErasedRespond;

  static {
    brand(this, RESPONDER_BRAND, SEAM);
  }

  constructor(command: AnyCommand, respond: ErasedRespond) {
    this.command = command;
    this.respond = respond;
  }
}

/** Any responder that a locator may return. */
export type Responder = CommandResponder | RawResponder;

/**
 * Returns a responder of a command, also one of another copy of the package; undefined for a function, which takes the raw box.
 * @throws InvalidSignature for any other object, for example a responder of a version that does not fit this one
 */
export function asCommandResponder(responder: Responder): CommandResponder | undefined {
  if (responder instanceof CommandResponder) return responder;
  if (typeof responder === "function") return undefined;
  if (Reflect.get(responder, RESPONDER_BRAND) === SEAM) return responder;
  throw new InvalidSignature(
    isResponderOfCopy(responder)
      ? anotherCopy("the responder")
      : "a locator must return a responder of a command, a function or undefined",
  );
}

/** True for a responder of another copy of the package, of any version. */
export function isResponderOfCopy(value: unknown): value is CommandResponder {
  if (typeof value !== "object" || value === null) return false;
  const { respond, command }: { respond?: unknown; command?: { writeAsk?: unknown } } = value;
  return typeof respond === "function" && typeof command?.writeAsk === "function";
}

/** Key of an object's property with its decorated methods, by command name. The decorator may be of another copy of the package. */
const METHODS: unique symbol = Symbol.for("ampwire.methods");

interface Decorated {
  [METHODS]?: Map<string, CommandResponder>;
}

/**
 * Registers a decorated method on each instance when the instance is constructed.
 *
 * The base class registers first. So if a subclass decorates another method for the same command, that method is used. If
 * a subclass only overrides the method, the override is called, because the method is looked up by name for each ask.
 *
 * @throws TypeError for a static method, or for a legacy TypeScript decorator
 */
export function registerMethod(command: AnyCommand, context: ClassMethodDecoratorContext): undefined {
  // TypeScript's legacy decorators pass the name of the method here.
  if (typeof context !== "object") {
    throw new TypeError(
      `@${command.name}.responder is a standard decorator: compile without experimentalDecorators`,
    );
  }
  if (context.kind !== "method" || context.static) {
    throw new TypeError(`@${command.name}.responder must decorate an instance method`);
  }
  context.addInitializer(function (this: unknown) {
    const instance = this as Decorated; // the initializer of an instance method runs on the instance
    if (!Object.hasOwn(instance, METHODS)) Object.defineProperty(instance, METHODS, { value: new Map() });
    const respond: ErasedRespond = (args, responderContext) =>
      // The type of the decorator checks that the method is a responder of this command.
      (context.access.get(instance) as ErasedRespond).call(instance, args, responderContext);
    instance[METHODS]?.set(command.name, new CommandResponder(command, respond));
  });
  return undefined;
}

/** Returns the responders made of an object's decorated methods, or undefined if it has none. */
export function decoratedResponders(instance: object): ReadonlyMap<string, CommandResponder> | undefined {
  return Object.hasOwn(instance, METHODS) ? (instance as Decorated)[METHODS] : undefined;
}
