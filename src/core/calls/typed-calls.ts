/** The two ways to call, with the types that they have and what stands for what is left out: once, for all that call. */

import type {
  AnyCommand,
  Caller,
  CallOptions,
  CallParameters,
  CallResult,
  CommandType,
} from "../command/types.ts";
import type { Fields } from "../schema/argument.ts";
import { Box } from "../wire/box.ts";

/** One for all calls that say nothing. */
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
    // Any object is a record of unknown values: the schema looks at each of them.
    return this.call(command, args as Readonly<Record<string, unknown>>, options);
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
    { requiresAnswer = true, ...options }: CallOptions & { requiresAnswer?: boolean } = {},
  ): Promise<unknown> | undefined {
    return this.callString(name, box, requiresAnswer, options);
  }

  protected abstract call(
    command: AnyCommand,
    values: Readonly<Record<string, unknown>>,
    options: CallOptions,
  ): Promise<unknown> | undefined;

  protected abstract callString(
    name: string,
    box: Box,
    requiresAnswer: boolean,
    options: CallOptions,
  ): Promise<unknown> | undefined;
}
