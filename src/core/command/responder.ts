/** What answers a command: a function, or a decorated method. */

import type { Signal } from "../platform.ts";
import type { Fields, InputOf, ValuesOf } from "../schema/argument.ts";
import type { Box } from "../wire/box.ts";
import type { AmpConnection } from "./amp-connection.ts";
import type { AnyCommand } from "./command.ts";

/** What a responder is told beside the arguments. */
export interface ResponderContext {
  /** The connection that the ask came on: call back over it. */
  readonly connection: AmpConnection;
  /** Aborts when the connection is lost. */
  readonly signal: Signal;
  /**
   * Yours: whatever responders want to remember about this connection (who has logged in, say). It starts
   * afresh when the connection turns to TLS, because what was learnt in plaintext may be an attacker's.
   */
  readonly state: Record<PropertyKey, unknown>;
}

type Awaitable<T> = T | PromiseLike<T>;

/** A response without required keys may also be left out. */
type Returned<R extends Fields> = {} extends InputOf<R> ? InputOf<R> | void : InputOf<R>;

/** A function that answers a command. It may throw what the command declares. */
export type Respond<A extends Fields, R extends Fields> = (
  args: ValuesOf<A>,
  context: ResponderContext,
) => Awaitable<Returned<R>>;

/**
 * A function that answers with boxes. It gets the ask as it came, `_ask` and `_command` included, as in Twisted; what
 * it returns is sent with its `_answer`.
 */
export type RawResponder = (box: Box, context: ResponderContext) => Awaitable<Box>;

/** The same with its types erased: it is only ever called with what its own command has parsed. */
export type ErasedRespond = (args: object, context: ResponderContext) => unknown;

/** A command together with the function that answers it. */
export class CommandResponder {
  readonly command: AnyCommand;
  readonly respond: ErasedRespond;

  constructor(command: AnyCommand, respond: ErasedRespond) {
    this.command = command;
    this.respond = respond;
  }
}

/** Whatever a locator may find. */
export type Responder = CommandResponder | RawResponder;

/** The decorated methods of an object, by command name. */
const methods = new WeakMap<object, Map<string, CommandResponder>>();

/**
 * Notes a decorated method on every instance as it is constructed. A base class comes first, so a subclass that
 * decorates another method for the same command wins; one that only overrides the method is called too, because
 * the method is looked up by name when the ask comes.
 */
export function registerMethod(command: AnyCommand, context: ClassMethodDecoratorContext): undefined {
  // TypeScript's own decorators of old give the method's name.
  if (typeof context !== "object") {
    throw new TypeError(
      `@${command.name}.responder is a standard decorator: compile without experimentalDecorators`,
    );
  }
  if (context.kind !== "method" || context.static) {
    throw new TypeError(`@${command.name}.responder decorates methods of instances`);
  }
  context.addInitializer(function (this: unknown) {
    const instance = this as object; // an initializer of an instance method runs on the instance
    const found = methods.get(instance) ?? new Map<string, CommandResponder>();
    methods.set(instance, found);
    const respond: ErasedRespond = (args, about) =>
      // The decorator's own type has checked that the method is a responder of this command.
      (context.access.get(instance) as ErasedRespond).call(instance, args, about);
    found.set(command.name, new CommandResponder(command, respond));
  });
  return undefined;
}

/** The responders that an object's decorated methods are, or undefined when it has none. */
export function decoratedResponders(instance: object): ReadonlyMap<string, CommandResponder> | undefined {
  return methods.get(instance);
}
