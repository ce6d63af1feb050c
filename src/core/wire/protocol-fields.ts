/** Where AMP's own keys stand in a box: noted as they come. */
import { wordAt } from "./fixed-bytes.ts";
import { textToKey } from "./key-text.ts";
import { ANSWER, ASK, COMMAND, ERROR } from "./protocol-keys.ts";

/** Which entry of the box each is, -1 where it is absent. Of a key that comes twice the last counts, as in Twisted. */
export interface ProtocolFields {
  ask: number;
  answer: number;
  command: number;
  error: number;
}

// Each key in words of four bytes: its first four, and its last.
const ASK_WORD = wordOf(ASK, 0);
const ANSWER_FIRST = wordOf(ANSWER, 0);
const ANSWER_LAST = wordOf(ANSWER, 3);
const COMMAND_FIRST = wordOf(COMMAND, 0);
const COMMAND_LAST = wordOf(COMMAND, 4);
const ERROR_FIRST = wordOf(ERROR, 0);
const ERROR_LAST = wordOf(ERROR, 2);

function wordOf(name: string, at: number): number {
  const { buffer, byteOffset } = textToKey(name);
  return wordAt(new DataView(buffer, byteOffset), at);
}

/** Looks whether a key is one of AMP's. The four are told apart by their lengths. */
export function noteField(
  fields: ProtocolFields,
  index: number,
  view: DataView,
  start: number,
  length: number,
): void {
  if (length === 4) {
    if (wordAt(view, start) === ASK_WORD) fields.ask = index;
  } else if (length === 7) {
    if (wordAt(view, start) === ANSWER_FIRST && wordAt(view, start + 3) === ANSWER_LAST)
      fields.answer = index;
  } else if (length === 8) {
    if (wordAt(view, start) === COMMAND_FIRST && wordAt(view, start + 4) === COMMAND_LAST)
      fields.command = index;
  } else if (length === 6) {
    if (wordAt(view, start) === ERROR_FIRST && wordAt(view, start + 2) === ERROR_LAST) fields.error = index;
  }
}
