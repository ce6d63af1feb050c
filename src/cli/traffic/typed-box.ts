/** Decodes the values of a box by the command in the schema. */
import type { Box } from "../../index.ts";
import { Command } from "../../index.ts";
import type { Meaning } from "./pairing.ts";

/** Returns undefined if the schema lacks the command, or if the box does not fit it. Such boxes are printed undecoded. */
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
