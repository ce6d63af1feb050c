/** Where AMP's own keys stand in a box: noted as they come. */

import { keyPattern } from "./box-writer.ts";
import { ANSWER, ASK, COMMAND, ERROR } from "./protocol-keys.ts";

/** Which entry of the box each is, -1 where it is absent. Of a key that comes twice the last counts, as in Twisted. */
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

/** Looks whether the key whose length stands at `start` is one of AMP's. */
export function noteField(fields: ProtocolFields, index: number, view: DataView, start: number): void {
  if (ask.standAt(view, start)) fields.ask = index;
  else if (command.standAt(view, start)) fields.command = index;
  else if (answer.standAt(view, start)) fields.answer = index;
  else if (error.standAt(view, start)) fields.error = index;
}
