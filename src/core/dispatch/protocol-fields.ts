/** Where a box's protocol keys stand: found in one walk, for every box that comes. */
import { keys } from "../command/protocol-keys.ts";
import type { Frame } from "../wire/frame.ts";

const UNDERSCORE = 0x5f;

/** Indices into a frame, -1 where the key is absent. Reused from box to box. */
export class ProtocolFields {
  ask = -1;
  answer = -1;
  command = -1;
  error = -1;

  find(frame: Frame): void {
    this.ask = this.answer = this.command = this.error = -1;
    const { bytes, count, ascending } = frame;
    for (let index = 0; index < count; index++) {
      const first = bytes[frame.keyStart(index)] as number;
      if (first === UNDERSCORE) this.#note(frame, index);
      else if (ascending && first > UNDERSCORE) return;
    }
  }

  /** Of a key that comes twice the last counts. */
  #note(frame: Frame, index: number): void {
    if (frame.keyIs(index, keys.answer)) this.answer = index;
    else if (frame.keyIs(index, keys.ask)) this.ask = index;
    else if (frame.keyIs(index, keys.command)) this.command = index;
    else if (frame.keyIs(index, keys.error)) this.error = index;
  }
}
