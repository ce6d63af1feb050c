/** A call that is ready to be made: with a schema, or without. */
import { type Command, TLSRequired } from "../../index.ts";
import type { NodeConnection } from "../../node/index.ts";
import { Failure } from "../cli-error.ts";
import type { TypedArgument } from "../values/args.ts";
import { typedValues } from "../values/typed.ts";
import { untypedBox } from "../values/untyped.ts";

type Answer = readonly (readonly [name: string, value: unknown])[];

export interface Request {
  readonly requiresAnswer: boolean;
  /** The command is StartTLS, or an extension of it. */
  readonly startsTLS: boolean;
  ask(connection: NodeConnection, timeout: number | undefined): Promise<Answer>;
  /** Wants no answer. @throws TLSRequired */
  send(connection: NodeConnection): void;
}

/** Everything goes as text, and the answer comes as bytes. */
export function untypedRequest(name: string, words: readonly TypedArgument[]): Request {
  const box = untypedBox(words);
  return {
    requiresAnswer: true,
    startsTLS: false,
    async ask(connection, timeout) {
      const answer = await connection.callRemoteString(name, box, { timeout });
      answer.delete("_answer");
      return [...answer];
    },
    send: (connection) => connection.callRemoteString(name, box, { requiresAnswer: false }),
  };
}

/** @throws Misuse for values that do not fit the command */
export function typedRequest(command: Command, words: readonly TypedArgument[]): Request {
  const values = typedValues(command, words);
  return {
    requiresAnswer: command.requiresAnswer,
    startsTLS: command.change?.state === "upgrading",
    async ask(connection, timeout) {
      try {
        return Object.entries((await connection.callRemote(command, values, { timeout })) ?? {});
      } catch (error) {
        throw declared(command, error) ?? error;
      }
    },
    send(connection) {
      // A box goes by its name: what its command demands, the connection does not know.
      if (command.requireTLS && !connection.secure) {
        throw new TLSRequired(`${command.name} may not be sent in plaintext: start TLS first`);
      }
      const box = command.makeArguments(values, connection);
      connection.callRemoteString(command.name, box, { requiresAnswer: false });
    },
  };
}

/** An error that the command declares comes as its class; people want to see its tag too. */
function declared(command: Command, error: unknown): Failure | undefined {
  const tag = command.declaredErrors.codeFor(error)?.code;
  if (tag === undefined || !(error instanceof Error)) return undefined;
  return new Failure(`${tag}: ${error.message}`, undefined, { code: tag, cause: error });
}
