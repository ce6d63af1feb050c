/** Responders of a whole contract: the compiler checks that none is missing. */

import type { Contract } from "../calls/client.ts";
import { CommandResponder, type ErasedRespond, type Respond } from "../command/responder.ts";
import type { CommandType } from "../command/types.ts";
import { InvalidSignature } from "../errors/caller.ts";
import type { Fields } from "../schema/argument.ts";
import { shownValue } from "../wire/value-text.ts";
import { locator, type ResponderLocator } from "./locator.ts";

/** A responder for each command of a contract. An instance of a class may have further methods. */
export type Implementation<C> = {
  readonly [Name in keyof C]: C[Name] extends CommandType<
    infer A extends Fields,
    infer R extends Fields,
    infer _Q extends boolean
  >
    ? Respond<A, R>
    : never;
};

/**
 * Returns a locator with a responder for each command of a contract. A missing, extra or wrong responder is a compile error
 * that names the command.
 * @param responders an object literal, or an instance of a class with a method for each command. Methods are called on it, and
 *   are looked up for each ask
 * @throws InvalidSignature if a responder is missing, if an object literal has one too many, or if two commands have the same
 *   name on the wire
 */
export function implement<const C extends Contract>(
  contract: C,
  responders: Implementation<C>,
): ResponderLocator {
  checkNames(contract, responders);
  return locator(
    ...Object.entries(contract).map(([name, command]) => {
      if (typeof command?.writeAnswer !== "function")
        throw new InvalidSignature(`implement: ${name} must be a Command, not ${shownValue(command)}`);
      const respond: ErasedRespond = (args, context) =>
        // checkNames has checked that it is a function; the compiler has checked its types.
        (responders[name as keyof C] as ErasedRespond).call(responders, args, context);
      return new CommandResponder(command, respond);
    }),
  );
}

function checkNames(contract: Contract, responders: object): void {
  if (typeof responders !== "object" || responders === null)
    throw new InvalidSignature(
      `implement: an object with a responder for each command is needed, not ${shownValue(responders)}`,
    );
  for (const name of Object.keys(contract)) {
    const responder: unknown = Reflect.get(responders, name);
    if (typeof responder !== "function")
      throw new InvalidSignature(
        `implement: the responder of ${name} must be a function, not ${shownValue(responder)}`,
      );
  }
  const prototype: unknown = Object.getPrototypeOf(responders);
  if (prototype !== null && prototype !== Object.prototype) return; // an instance may have fields of its own
  for (const name of Object.keys(responders)) {
    if (!Object.hasOwn(contract, name))
      throw new InvalidSignature(`implement: ${name} is not a command of the contract`);
  }
}
