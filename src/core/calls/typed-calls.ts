/** The two ways to call, with their types, defaults and checks of what was passed. Connections and clients derive from it. */

import type {
  AnyCommand,
  Caller,
  CallOptions,
  CallParameters,
  CallResult,
  CommandType,
} from "../command/types.ts";
import { InvalidSignature } from "../errors/caller.ts";
import { checkOptionNames } from "../option-names.ts";
import type { Fields } from "../schema/argument.ts";
import type { Values } from "../schema/field.ts";
import { Box } from "../wire/box.ts";
import { shownValue } from "../wire/value-text.ts";

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
    // Recognized by a method, not by its class: the command may come from another copy of the package.
    if (typeof command?.writeAsk !== "function") return Promise.reject(notACommand(command));
    if (options !== NO_OPTIONS && !areCallOptions(options)) {
      const problem = checkCallOptions(options, command.requiresAnswer);
      if (problem !== undefined) return problem;
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
    return reported(requiresAnswer, () => {
      if (typeof name !== "string")
        throw new InvalidSignature(`callRemoteString: the name must be a string, not ${shownValue(name)}`);
      checkOptionNames("callRemoteString", options, STRING_CALL_OPTIONS);
      const { requiresAnswer: _, ...rest } = options;
      // A JavaScript program may pass a record, which is what a box is made of.
      return this.callString(name, box instanceof Map ? box : new Box(box), requiresAnswer, rest);
    });
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

function notACommand(given: unknown): InvalidSignature {
  const hint = typeof given === "string" ? ": to call by name, use callRemoteString" : "";
  return new InvalidSignature(`callRemote: a command is needed, not ${shownValue(given)}${hint}`);
}

/** Returns true for options with known names and without null. A loop without a list of names: calls are the hot path. */
function areCallOptions(options: CallOptions): boolean {
  if (typeof options !== "object" || options === null) return false;
  for (const name in options) {
    if (name !== "timeout" && name !== "signal") return false;
    if (options[name] === null) return false;
  }
  return true;
}

/** Returns a rejected promise for an invalid option. @throws the error instead if the call wants no answer */
function checkCallOptions(options: CallOptions, requiresAnswer: boolean): Promise<unknown> | undefined {
  return reported(requiresAnswer, () => {
    checkOptionNames("callRemote", options, CALL_OPTIONS);
    return undefined;
  });
}

/** Calls, and reports an error as a call of this kind reports all its errors. @throws the error if the call wants no answer */
function reported(
  requiresAnswer: boolean,
  call: () => Promise<unknown> | undefined,
): Promise<unknown> | undefined {
  if (!requiresAnswer) return call();
  try {
    return call();
  } catch (error) {
    return Promise.reject(error);
  }
}
