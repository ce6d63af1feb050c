/** The two ways to call, with their types, defaults and checks of what was passed. Connections and clients derive from it. */

import type {
  AnyCommand,
  Caller,
  CallOptions,
  CallParameters,
  CallResult,
  CommandType,
} from "../command/types.ts";
import { anotherCopy, COMMAND_BRAND, SEAM } from "../errors/brand.ts";
import { InvalidSignature } from "../errors/caller.ts";
import { checkOptionNames } from "../option-names.ts";
import type { Fields } from "../schema/argument.ts";
import type { Values } from "../schema/field.ts";
import { Box } from "../wire/box.ts";
import { isMap, wrongType } from "../wire/value-text.ts";

/** Names of the options of a call. */
export const CALL_OPTIONS = ["timeout", "signal"] as const;
const STRING_CALL_OPTIONS = [...CALL_OPTIONS, "requiresAnswer"] as const;

/** Shared by all calls without options. It needs no check. */
const NO_OPTIONS: CallOptions = {};

export abstract class TypedCalls implements Caller {
  callRemote<A extends Fields, R extends Fields, Q extends boolean>(
    command: CommandType<A, R, Q>,
    ...rest: CallParameters<A>
  ): CallResult<R, Q>;
  callRemote(
    command: AnyCommand,
    args: object = {},
    options: CallOptions = NO_OPTIONS,
  ): Promise<unknown> | undefined {
    try {
      // Recognized by a method, not by its class: the command may come from another copy of the package.
      if (typeof command?.writeAsk !== "function")
        throw wrongType("callRemote: the command", "a Command (callRemoteString calls by name)", command);
      // Absent in an object of the program.
      const copy = (command as AnyCommand & { readonly [COMMAND_BRAND]?: unknown })[COMMAND_BRAND];
      if (copy !== undefined && copy !== SEAM)
        throw new InvalidSignature(anotherCopy(`the command ${command.name}`));
      if (options !== NO_OPTIONS) checkOptionNames("callRemote", options, CALL_OPTIONS);
    } catch (error) {
      return refused(error, command?.requiresAnswer !== false);
    }
    // Any object is a record of unknown values: the schema checks each of them.
    return this.call(command, args as Values, options);
  }

  callRemoteString(name: string, box?: Box, options?: CallOptions): Promise<Box>;
  callRemoteString(
    name: string,
    box: Box | undefined,
    options: CallOptions & { requiresAnswer: false },
  ): undefined;
  callRemoteString(
    name: string,
    box: Box = new Box(),
    options: CallOptions & { requiresAnswer?: boolean } = NO_OPTIONS,
  ): Promise<unknown> | undefined {
    const requiresAnswer = options?.requiresAnswer !== false;
    try {
      if (typeof name !== "string") throw wrongType("callRemoteString: the name", "a string", name);
      if (options !== NO_OPTIONS) checkOptionNames("callRemoteString", options, STRING_CALL_OPTIONS);
      const { requiresAnswer: _, ...rest } = options;
      // A JavaScript program may pass a record, which is what a box is made of.
      return this.callString(name, isMap(box) ? box : new Box(box), requiresAnswer, rest);
    } catch (error) {
      return refused(error, requiresAnswer);
    }
  }

  protected abstract call(
    command: AnyCommand,
    values: Values,
    options: CallOptions,
  ): Promise<unknown> | undefined;

  protected abstract callString(
    name: string,
    box: Box,
    requiresAnswer: boolean,
    options: CallOptions,
  ): Promise<unknown> | undefined;
}

/** Rejects with the error. @throws the error instead if the call wants no answer */
function refused(error: unknown, requiresAnswer: boolean): Promise<never> {
  if (requiresAnswer) return Promise.reject(error);
  throw error;
}
