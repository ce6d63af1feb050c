/**
 * Finds answers in the queue of a protocol change. Calls of this end are queued in the same run of bytes, so the bytes are
 * parsed again: rarely, and only for a quiescent upgrade. Counting answers would cost something for every answer.
 */
import type { Outbox } from "../../connection/outbox.ts";
import { UNBOUNDED } from "../../wire/box-limits.ts";
import { BoxReader } from "../../wire/reader.ts";

export function queueHasAnswers(outbox: Outbox): boolean {
  const { queued } = outbox;
  if (queued === 0) return false;
  const reader = new BoxReader(UNBOUNDED);
  // Complete boxes: the reader keeps nothing of them, and the outbox may write to the bytes again.
  reader.push(outbox.out.bytes.subarray(0, queued));
  for (let frame = reader.nextFrame(); frame !== undefined; frame = reader.nextFrame()) {
    if (frame.answer >= 0 || frame.error >= 0) return true;
  }
  return false;
}
