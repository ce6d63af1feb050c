/** Reads what belongs to the library's own commands: the key that shows that the peer knows them, and its ask for GoAway. */
import { CommandResponder } from "../command/responder.ts";
import { Unavailable } from "../errors/peer.ts";
import { setStackLimit } from "../errors/stack-limit.ts";
import { Box } from "../wire/box.ts";
import { writeBox } from "../wire/box-writer.ts";
import type { Frame } from "../wire/frame.ts";
import { isGoAway, reasonOfGoAway, takeShownKey } from "../wire/own-commands.ts";
import { ANSWER } from "../wire/protocol-keys.ts";
import { plaintextForbids } from "./admission.ts";
import type { FeatureSet, Kernel, OwnCommand } from "./feature.ts";
import type { Introduction } from "./introduction.ts";

/**
 * Looks for the key in a box. During an upgrade boxes may come from an attacker.
 * @param found the introduction if it is there
 */
export function introductionAfter(kernel: Kernel, frame: Frame, found: Introduction): Introduction {
  return kernel.rules.boxes === "sent" && takeShownKey(frame) ? found : kernel.introduction;
}

/** Serves GoAway: calls end, and the answer follows all of them. Returns false for another ask, and if it must not be served. */
export function serveGoAway(kernel: Kernel, frame: Frame): boolean {
  if (!isGoAway(frame) || kernel.introduction === "off" || plaintextForbids(kernel, undefined)) return false;
  const limit = setStackLimit(0); // the calls that it rejects have stacks of their own
  const reason = new Unavailable(
    `not executed: the peer accepts no more calls on this connection${reasonOfGoAway(frame)}`,
  );
  setStackLimit(limit);
  kernel.endCalls(reason);
  if (frame.ask >= 0) {
    writeBox(kernel.out, new Box().set(ANSWER, frame.value(frame.ask)));
    kernel.answerWritten();
  }
  return true;
}

/**
 * Returns the responder of a command of the library's own, which a feature serves; undefined for another name. Runs for every
 * unknown command, so it allocates nothing for one that is not the library's.
 */
export function ownResponder(
  kernel: Kernel,
  features: FeatureSet,
  name: string,
): CommandResponder | undefined {
  for (const { commands } of features) {
    if (commands === undefined) continue;
    for (const own of commands) if (own.command.name === name) return responderOf(own, kernel);
  }
  return undefined;
}

function responderOf({ command, serve }: OwnCommand, kernel: Kernel): CommandResponder {
  // A command parses its arguments to values by name.
  return new CommandResponder(command, (values) => serve(kernel, values as Record<string, unknown>));
}
