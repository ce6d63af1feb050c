/** The keys that AMP reserves, as in `twisted.protocols.amp`, and their positions in a received box. */

import { keyPattern } from "./box-writer.ts";

/** In an ask: its tag. An ask without it is not answered. */
export const ASK = "_ask";
/** In an answer: the tag of the ask. */
export const ANSWER = "_answer";
/** In an ask: the name of the command. */
export const COMMAND = "_command";
/** In an error: the tag of the ask. */
export const ERROR = "_error";
/** In an error: the error code. */
export const ERROR_CODE = "_error_code";
/** In an error: the message, for people. */
export const ERROR_DESCRIPTION = "_error_description";

export const PROTOCOL_KEYS: ReadonlySet<string> = new Set([
  ASK,
  ANSWER,
  COMMAND,
  ERROR,
  ERROR_CODE,
  ERROR_DESCRIPTION,
]);

/** Index of each key in a box, -1 if absent. If a key occurs more than once, the last one is used, as in Twisted. */
export interface ProtocolFields {
  ask: number;
  answer: number;
  command: number;
  error: number;
}

const ask = keyPattern(ASK);
const answer = keyPattern(ANSWER);
const command = keyPattern(COMMAND);
const error = keyPattern(ERROR);

/** Stores `index` if the key at `start` is one of the four. `start` is the position of the key's length. */
export function noteField(fields: ProtocolFields, index: number, view: DataView, start: number): void {
  if (ask.isAt(view, start)) fields.ask = index;
  else if (command.isAt(view, start)) fields.command = index;
  else if (answer.isAt(view, start)) fields.answer = index;
  else if (error.isAt(view, start)) fields.error = index;
}
