/** What the two ends of a chat ask each other. */
import { command, unicode } from "ampwire";

export class NameTaken extends Error {}

/** Asked by clients. */
export const Join = command("Join", { arguments: { name: unicode() }, errors: { NAME_TAKEN: NameTaken } });
export const Say = command("Say", { arguments: { text: unicode() } });

/** Asked by the server, of everybody, whenever there is something to tell. Nobody answers. */
export const Tell = command("Tell", { arguments: { text: unicode() }, requiresAnswer: false });
