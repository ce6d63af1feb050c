/**
 * Whether answers are among the boxes that are held back. Our own calls wait with them in one run of bytes, so the bytes
 * are read again: seldom, and only for who asks for a quiescent upgrade. To count answers would cost every answer.
 */

import type { Outbox } from "../../connection/outbox.ts";
import { UNBOUNDED } from "../../wire/box-limits.ts";
import { BoxReader } from "../../wire/reader.ts";

export function holdsAnswers(output: Outbox): boolean {
  const { held } = output;
  if (held === 0) return false;
  const reader = new BoxReader(UNBOUNDED);
  // Whole boxes: nothing is kept of them, and the output may go on writing there.
  reader.push(output.out.bytes.subarray(0, held));
  for (let frame = reader.nextFrame(); frame !== undefined; frame = reader.nextFrame()) {
    if (frame.answer >= 0 || frame.error >= 0) return true;
  }
  return false;
}
