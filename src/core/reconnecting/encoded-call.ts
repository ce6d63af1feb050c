/** Calls encoded when they are made: while a call is queued, the program may change the objects that it passed. */
import type { AnyCommand } from "../command/types.ts";
import { writeBox } from "../wire/box-writer.ts";
import { frameOfBytes } from "../wire/frame-of.ts";
import { ASK } from "../wire/protocol-keys.ts";
import { tagBytes } from "../wire/tag.ts";

/**
 * Returns a copy of the command that sends an encoded ask and ignores the values of the call.
 * @param ask box written by `writeAsk`. Its tag is replaced
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
