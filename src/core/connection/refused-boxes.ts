/** Errors for boxes of the peer that a connection refuses. */
import { LimitExceeded } from "../errors/caller.ts";
import { NoEmptyBoxes } from "../errors/peer.ts";
import { shownText } from "../errors/safe-text.ts";
import type { Frame } from "../wire/frame.ts";

export function tooMuchUnsent(unsent: number): LimitExceeded {
  return new LimitExceeded(
    `the peer keeps asking and has not taken ${unsent} bytes: the limit is twice maxUnsentBytes`,
  );
}

export function neitherAskNorAnswer(frame: Frame): NoEmptyBoxes {
  if (frame.count === 0) return new NoEmptyBoxes("an empty box was received");
  const names = [...frame.toBox().keys()].slice(0, 10).map((name) => shownText(name, 100));
  return new NoEmptyBoxes(
    `a box was received that is neither ask nor answer: its keys are ${names.join(", ")}`,
  );
}
