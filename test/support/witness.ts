/** A command that leaves a trace wherever it is executed, and a responder that knows. */
import { command, locator, type ResponderLocator, unicode } from "ampwire";

export const Mark = command("Mark", { arguments: { text: unicode() }, response: { text: unicode() } });

/** An ask of it, as an attacker writes it. */
export const EVIL = { _ask: "e", _command: "Mark", text: "evil" };

export interface Witness {
  /** The texts of the marks that were executed. */
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
