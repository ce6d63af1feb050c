/** Decodes the values of a box by the command in the schema. */

import { messageOf } from "../../core/errors/to-error.ts";
import type { Box } from "../../index.ts";
import { Command, DescriptorsNotAvailable } from "../../index.ts";
import type { Meaning } from "./pairing.ts";

/** The decoded values, or the reason why the box does not fit the command. Such boxes are printed undecoded, with the reason. */
export type TypedBox =
  | { readonly values: Readonly<Record<string, unknown>>; readonly mismatch?: undefined }
  | { readonly values?: undefined; readonly mismatch: string };

/** Returns undefined if the schema lacks the command, and for errors. */
export function typedBoxOf(box: Box, meaning: Meaning): TypedBox | undefined {
  if (meaning.kind !== "ask" && meaning.kind !== "answer") return undefined;
  const command = meaning.kind === "ask" ? meaning.command : meaning.ask?.command;
  if (!(command instanceof Command)) return undefined;
  try {
    return { values: meaning.kind === "ask" ? command.parseArguments(box) : command.parseResponse(box) };
  } catch (error) {
    if (error instanceof DescriptorsNotAvailable) return undefined; // a descriptor is not in the bytes
    return { mismatch: messageOf(error) };
  }
}
