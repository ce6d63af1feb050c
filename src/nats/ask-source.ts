/** The asks that a worker receives: their subjects, and the checks of their boxes. */
import { MalformedAmpBox } from "../core/errors/peer.ts";
import type { Frame } from "../core/wire/frame.ts";
import { commandNameOf } from "./boxes.ts";
import { CONNECTION_HEADER, headerOf } from "./headers.ts";
import type { NatsMessage } from "./nats-connection.ts";
import { isClient, lastToken, tokenOf } from "./subjects.ts";

/** The subscription on which an ask has come. */
export interface AskSource {
  /** Name of the command; undefined for a subscription to all commands. */
  readonly command: string | undefined;
  /** True if only edges may publish to the subject, so that the headers about the client are true. */
  readonly isEdge: boolean;
}

/** @throws MalformedAmpBox for a box that is not an ask for the command of the subject */
export function checkAsk(frame: Frame, message: NatsMessage, { command }: AskSource): void {
  const isAsk = frame.command >= 0 && frame.answer < 0 && frame.error < 0;
  if (!isAsk) throw new MalformedAmpBox("the message is a box, but not an ask");
  if (message.reply && frame.ask < 0)
    throw new MalformedAmpBox("the message wants an answer, but its box has no _ask");
  const name = commandNameOf(frame);
  // Permissions are by subject: a box for another command would get round them.
  if (command === undefined ? tokenOf(name) !== lastToken(message.subject) : name !== command)
    throw new MalformedAmpBox("the command of the box is not that of the subject");
}

/** Returns the client that asks, `EDGE.ID`. @throws MalformedAmpBox */
export function clientOf(message: NatsMessage): string {
  const client = headerOf(message, CONNECTION_HEADER);
  if (client === undefined || !isClient(client))
    throw new MalformedAmpBox(`the message of an edge has no valid header ${CONNECTION_HEADER}`);
  return client;
}
