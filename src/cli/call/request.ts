/** Calls prepared from the command line, with a schema or without. */
import { declaredErrorOf } from "../../core/errors/declared-error-of.ts";
import { type Caller, type Command, InvalidSignature, TLSRequired } from "../../index.ts";
import { Failure, UsageError } from "../cli-error.ts";
import { findCommand, loadCommands } from "../module/commands.ts";
import { parseArgs, type TypedArgument } from "../values/args.ts";
import { checkComplete, typedValues } from "../values/typed.ts";
import { untypedBox } from "../values/untyped.ts";

type Answer = readonly (readonly [name: string, value: unknown])[];

/** Destination of a call: a connection, or a service on NATS. */
export interface CallTarget extends Caller {
  /** True if commands that require TLS may be called. */
  readonly secure: boolean;
}

export interface Request {
  readonly requiresAnswer: boolean;
  /** True for StartTLS and its extensions. */
  readonly startsTLS: boolean;
  ask(target: CallTarget, timeout: number | undefined): Promise<Answer>;
  /** Sends the call without requesting an answer. @throws TLSRequired */
  send(target: CallTarget): void;
}

/**
 * Prepares a call from the arguments of the command line.
 *
 * @param subcommand name of the subcommand, for messages
 * @param schema a module of commands; undefined: the arguments are sent without a schema
 * @throws UsageError
 */
export async function prepareRequest(
  subcommand: string,
  schema: string | undefined,
  name: string,
  args: readonly string[],
): Promise<Request> {
  const typed = parseArgs(args);
  if (schema !== undefined) return typedRequest(findCommand(await loadCommands(schema), name), typed);
  if (name === "StartTLS")
    throw new UsageError(
      `${subcommand}: StartTLS cannot be called by name`,
      "use --starttls with another command",
    );
  return untypedRequest(name, typed);
}

/** Prepares a call without a schema. The values of its answer are bytes. */
function untypedRequest(name: string, args: readonly TypedArgument[]): Request {
  const box = untypedBox(args);
  return {
    requiresAnswer: true,
    startsTLS: false,
    async ask(target, timeout) {
      const answer = await target.callRemoteString(name, box, { timeout });
      answer.delete("_answer");
      return [...answer];
    },
    send: (target) => target.callRemoteString(name, box, { requiresAnswer: false }),
  };
}

/** @throws UsageError for values that the command does not accept */
function typedRequest(command: Command, args: readonly TypedArgument[]): Request {
  const values = typedValues(command, args);
  checkComplete(command, values);
  return {
    requiresAnswer: command.requiresAnswer,
    startsTLS: command.change?.state === "upgrading",
    async ask(target, timeout) {
      try {
        return Object.entries((await target.callRemote(command, values, { timeout })) ?? {});
      } catch (error) {
        throw declared(command, error) ?? misfit(error) ?? error;
      }
    },
    send(target) {
      // A call by name does not check `requireTLS`, which only the command knows.
      if (command.requireTLS && !target.secure) {
        throw new TLSRequired(`${command.name} may not be sent in plaintext: start TLS first`);
      }
      const box = command.makeArguments(values, target);
      target.callRemoteString(command.name, box, { requiresAnswer: false });
    },
  };
}

/** Returns a declared error with its error code in the message, or undefined for other errors. */
function declared(command: Command, error: unknown): Failure | undefined {
  const code = declaredErrorOf(command.declaredErrors, error)?.code;
  if (code === undefined || !(error instanceof Error)) return undefined;
  return new Failure(`${command.name}: ${code}: ${error.message}`, undefined, { code, cause: error });
}

/** Returns an error with a hint for a response that does not fit the schema, or undefined for other errors. */
function misfit(error: unknown): Failure | undefined {
  if (!(error instanceof InvalidSignature)) return undefined;
  const hint = "compare the schema with the commands of the peer";
  return new Failure(error.message, hint, { code: error.code, cause: error });
}
