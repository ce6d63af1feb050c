/** An ask as it was when the call was made: while it waits, the program may change what it has given. */
import type { AnyCommand } from "../command/types.ts";
import { writeBox } from "../wire/box-writer.ts";
import { frameOfBytes } from "../wire/frame-of.ts";
import { ASK } from "../wire/protocol-keys.ts";
import { tagBytes } from "../wire/tag.ts";

/**
 * The same command, which asks with this box whatever the values.
 * @param ask what `writeAsk` has written
 */
export function withAsk(command: AnyCommand, ask: Uint8Array): AnyCommand {
  const { name, requiresAnswer, requireTLS, idempotent, commandType, responseType, declaredErrors, change } =
    command;
  const box = frameOfBytes(ask).toBox();
  return {
    name,
    requiresAnswer,
    requireTLS,
    idempotent,
    commandType,
    responseType,
    declaredErrors,
    change,
    writeAsk(out, tag) {
      if (tag !== undefined) box.set(ASK, tagBytes(tag));
      writeBox(out, box);
    },
    writeAnswer: (out, tag, values, connection) => command.writeAnswer(out, tag, values, connection),
    readArguments: (frame, connection) => command.readArguments(frame, connection),
    readResponse: (frame, connection) => command.readResponse(frame, connection),
  };
}
