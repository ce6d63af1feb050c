/** Commands of the chat. */
import { command, unicode } from "ampwire";

export class NameTaken extends Error {}

/** Called by clients. */
export const Join = command("Join", { arguments: { name: unicode() }, errors: { NAME_TAKEN: NameTaken } });
export const Say = command("Say", { arguments: { text: unicode() } });

/** Called by the server at each client, for each message. It has no answer. */
export const Tell = command("Tell", { arguments: { text: unicode() }, requiresAnswer: false });
