/** Responders: functions and decorated methods that handle a command. */

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

  constructor(command: AnyCommand, respond: ErasedRespond) {
    this.command = command;
    this.respond = respond;
  }
}

/** Any responder that a locator may return. */
export type Responder = CommandResponder | RawResponder;

/** Decorated methods of each object, by command name. */
const methods = new WeakMap<object, Map<string, CommandResponder>>();

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
    const instance = this as object; // the initializer of an instance method runs on the instance
    const found = methods.get(instance) ?? new Map<string, CommandResponder>();
    methods.set(instance, found);
    const respond: ErasedRespond = (args, responderContext) =>
      // The type of the decorator checks that the method is a responder of this command.
      (context.access.get(instance) as ErasedRespond).call(instance, args, responderContext);
    found.set(command.name, new CommandResponder(command, respond));
  });
  return undefined;
}

/** Returns the responders made of an object's decorated methods, or undefined if it has none. */
export function decoratedResponders(instance: object): ReadonlyMap<string, CommandResponder> | undefined {
  return methods.get(instance);
}
