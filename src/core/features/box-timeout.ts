/**
 * `boxTimeout`: closes the connection if a box does not arrive completely in time. Its bytes have a limit elsewhere, and
 * each of them resets `idleTimeout`.
 *
 * A box that is complete when a read ends costs nothing here; an incomplete one costs a look at the clock. There is one
 * timer, set when an incomplete box is left and no timer is set. It is not cleared when the box is complete: when it fires,
 * it checks which box is incomplete then, and since when. So a stream that is cut in every box sets one timer in each
 * `boxTimeout`, and a connection that is silent between two boxes soon has none.
 */
import type { Feature, FeatureKind, Kernel } from "../connection/feature.ts";

import { BoxTimeout } from "../errors/timeouts.ts";

export const boxTimeout: FeatureKind = {
  make: (kernel) => (Number.isFinite(kernel.limits.boxTimeout) ? new BoxDeadline(kernel) : undefined),
};

class BoxDeadline implements Feature {
  readonly #kernel: Kernel;
  readonly #look = () => this.#check();
  /** Offset in the stream of the last incomplete box. */
  #box = -1;
  /** The time at which its first byte was here, moved on by the time in which this end did not read. */
  #since = 0;
  /** The time since which this end does not read, for reasons of its own: the peer is not at fault for a pause. */
  #pausedAt: number | undefined;
  #timer: unknown;

  constructor(kernel: Kernel) {
    this.#kernel = kernel;
  }

  readEnded(everything: boolean): void {
    const { clock, inbox } = this.#kernel;
    const { reader } = inbox;
    if (!everything) {
      this.#pausedAt ??= clock.now();
      return;
    }
    if (reader.buffered === 0) return;
    if (reader.offset !== this.#box) {
      this.#box = reader.offset;
      this.#since = clock.now();
    } else if (this.#pausedAt !== undefined) {
      this.#since += clock.now() - this.#pausedAt;
    }
    this.#pausedAt = undefined;
    this.#timer ??= clock.setTimeout(this.#look, this.#left());
  }

  stopped(): void {
    this.#kernel.clock.clearTimeout(this.#timer);
  }

  /** Milliseconds that the box has left. */
  #left(): number {
    return this.#since + this.#kernel.limits.boxTimeout - this.#kernel.clock.now();
  }

  #check(): void {
    const { clock, inbox, limits } = this.#kernel;
    const { reader } = inbox;
    this.#timer = undefined;
    // During a pause there is no timer: reading sets it again.
    if (reader.buffered === 0 || this.#pausedAt !== undefined) return;
    // Reading would stop at the next byte. The time since when that is so is unknown, so the box gets all of its time again.
    if (!this.#kernel.mayRead()) this.#since = clock.now();
    const left = this.#left();
    if (left > 0) {
      this.#timer = clock.setTimeout(this.#look, left);
      return;
    }
    this.#kernel.violated(
      new BoxTimeout(
        `the box at byte ${reader.offset} did not arrive within the limit boxTimeout (${limits.boxTimeout} ms): ${reader.buffered} bytes of it were received`,
      ),
    );
  }
}
