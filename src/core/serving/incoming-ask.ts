/** One ask of the peer, from its arrival to its answer. */
import type { AmpConnection, AnyCommand } from "../command/types.ts";
import type { CallEvent, Observer } from "../observer.ts";
import { copiedBytes, type Frame } from "../wire/frame.ts";
import { type ByteRange, parseTag, type Tag } from "../wire/tag.ts";

const NO_BYTES = new Uint8Array(0);

export class IncomingAsk {
  name = "";
  wantsAnswer = false;
  readonly #range: ByteRange = { bytes: NO_BYTES, view: undefined, start: 0, end: 0 };
  /** Empty if no answer is wanted. The bytes are those of the frame, until {@link keep}. */
  tag: Tag = this.#range;
  /**
   * The command whose declared errors are sent to the peer. Set only while its responder runs: an error before or after is
   * this end's own, and its text must not leave, even if the command declares `Error`. Undefined for a raw responder.
   */
  command: AnyCommand | undefined = undefined;
  /** Set if an observer watches calls. */
  watched: CallEvent | undefined = undefined;
  /** Weight of its arguments, in bytes. */
  weight = 0;
  /** The ask is answered later, after the frame has become invalid. */
  kept = false;

  begin(name: string, frame: Frame): void {
    const tag = this.#range;
    const index = frame.ask;
    this.name = name;
    this.command = this.watched = undefined;
    this.wantsAnswer = index >= 0;
    // Compared before it is stored: a store of a young object into an old one has a write barrier in V8.
    if (tag.bytes !== frame.bytes) {
      tag.bytes = frame.bytes;
      tag.view = frame.view;
    }
    tag.start = this.wantsAnswer ? frame.valueStart(index) : 0;
    tag.end = this.wantsAnswer ? frame.valueEnd(index) : 0;
  }

  /** Takes the tag out of the frame, for an answer that comes later. */
  keep(): void {
    const range = this.#range;
    const { bytes, start, end } = range;
    this.kept = true;
    range.view = undefined;
    // A number takes no memory. AMP libraries write tags that are numbers.
    const number = parseTag(bytes, start, end);
    if (number >= 0) this.tag = number;
    range.bytes = number >= 0 ? NO_BYTES : copiedBytes(bytes, start, end);
    range.start = 0;
    range.end -= start;
  }

  watch(observer: Observer, connection: AmpConnection): void {
    this.watched = { connection, command: this.name, direction: "incoming" };
    observer.callStarted?.(this.watched);
  }
}
