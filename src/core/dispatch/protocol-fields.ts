/** Where a box's protocol keys stand: found in one walk, for every box that comes. */
import { ANSWER, ASK, COMMAND, ERROR } from "../command/protocol-keys.ts";
import { wordAt } from "../wire/fixed-bytes.ts";
import type { Frame } from "../wire/frame.ts";
import { textToKey } from "../wire/key-text.ts";

const UNDERSCORE = 0x5f;

/** The length of a key's value stands between the two. */
const LENGTH_BYTES = 2;

// Each key in words of four bytes; the last word is that of its last four.
const ASK_WORD = wordOf(ASK, 0);
const ANSWER_FIRST = wordOf(ANSWER, 0);
const ANSWER_LAST = wordOf(ANSWER, 3);
const COMMAND_FIRST = wordOf(COMMAND, 0);
const COMMAND_LAST = wordOf(COMMAND, 4);
const ERROR_FIRST = wordOf(ERROR, 0);
const ERROR_LAST = wordOf(ERROR, 2);

function wordOf(name: string, at: number): number {
  return wordAt(textToKey(name), at);
}

/** Indices into a frame, -1 where the key is absent. Reused from box to box. */
export class ProtocolFields {
  ask = -1;
  answer = -1;
  command = -1;
  error = -1;

  find(frame: Frame): void {
    this.ask = this.answer = this.command = this.error = -1;
    const { bytes, count } = frame;
    for (let index = 0; index < count; index++) {
      const start = frame.keyStart(index);
      const first = bytes[start] as number;
      if (first === UNDERSCORE)
        this.#note(index, bytes, start, frame.valueStart(index) - LENGTH_BYTES - start);
      else if (first > UNDERSCORE && frame.ascending) return;
    }
  }

  /** Of a key that comes twice the last counts. The four are told apart by their lengths. */
  #note(index: number, bytes: Uint8Array, start: number, length: number): void {
    if (length === 4) {
      if (wordAt(bytes, start) === ASK_WORD) this.ask = index;
    } else if (length === 7) {
      if (wordAt(bytes, start) === ANSWER_FIRST && wordAt(bytes, start + 3) === ANSWER_LAST)
        this.answer = index;
    } else if (length === 8) {
      if (wordAt(bytes, start) === COMMAND_FIRST && wordAt(bytes, start + 4) === COMMAND_LAST)
        this.command = index;
    } else if (length === 6) {
      if (wordAt(bytes, start) === ERROR_FIRST && wordAt(bytes, start + 2) === ERROR_LAST) this.error = index;
    }
  }
}
