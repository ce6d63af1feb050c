/** A command that records where it is executed, and its responder. */
import { command, locator, type ResponderLocator, unicode } from "ampwire";

export const Mark = command("Mark", { arguments: { text: unicode() }, response: { text: unicode() } });

/** An ask of the command, as an attacker writes it. */
export const EVIL = { _ask: "e", _command: "Mark", text: "evil" };

export interface Witness {
  /** The texts of the commands that were executed. */
  readonly heard: readonly string[];
  readonly locator: ResponderLocator;
}

export function witness(): Witness {
  const heard: string[] = [];
  const responder = Mark.responder(({ text }) => {
    heard.push(text);
    return { text };
  });
  return { heard, locator: locator(responder) };
}
