/** Calls as methods: one for each command of a contract. */

import type { Caller, CallOptions, CallParameters, CallResult, CommandType } from "../command/types.ts";
import { InvalidSignature } from "../errors/caller.ts";
import type { Fields } from "../schema/argument.ts";
import { shownValue, wrongType } from "../wire/value-text.ts";

/** The commands of a service. The names are those of the methods; the names on the wire are those of the commands. */
export type Contract = Readonly<Record<string, CommandType<Fields, Fields, boolean>>>;

/** A method for each command of a contract, with the parameters and the result of `callRemote`. */
export type ClientOf<C> = {
  readonly [Name in keyof C]: C[Name] extends CommandType<
    infer A extends Fields,
    infer R extends Fields,
    infer Q extends boolean
  >
    ? (...rest: CallParameters<A>) => CallResult<R, Q>
    : never;
};

/**
 * Returns an object with a method for each command: `client(connection, { Sum }).Sum({ a, b })` is
 * `connection.callRemote(Sum, { a, b })`.
 * @param caller a connection or a reconnecting client
 * @throws InvalidSignature if the caller has no `callRemote`, or a value of the contract is not a command
 */
export function client<const C extends Contract>(caller: Caller, contract: C): ClientOf<C> {
  if (typeof caller?.callRemote !== "function") throw wrongType("client: the caller", "a connection", caller);
  if (typeof contract !== "object" || contract === null) throw wrongType("a contract", "an object", contract);
  const methods = Object.entries(contract).map(([name, command]) => {
    if (typeof command?.writeAsk !== "function")
      throw new InvalidSignature(`client: ${name} must be a Command, not ${shownValue(command)}`);
    const method = (args?: object, options?: CallOptions) =>
      // The types of ClientOf have checked the arguments.
      caller.callRemote(command, args as Readonly<Record<string, unknown>> | undefined, options);
    return [name, method];
  });
  return Object.fromEntries(methods) as ClientOf<C>; // made from the entries of C
}
