/** What a box carries, as the schema's command types it. */
import type { Box } from "../../index.ts";
import { Command } from "../../index.ts";
import type { Meaning } from "./pairing.ts";

/** Undefined where there is no command for it, or the box does not fit the command: then it is shown as it is. */
export function typedValuesOf(box: Box, meaning: Meaning): Readonly<Record<string, unknown>> | undefined {
  if (meaning.kind !== "ask" && meaning.kind !== "answer") return undefined;
  const command = meaning.kind === "ask" ? meaning.command : meaning.ask?.command;
  if (!(command instanceof Command)) return undefined;
  try {
    return meaning.kind === "ask" ? command.parseArguments(box) : command.parseResponse(box);
  } catch {
    return undefined;
  }
}
