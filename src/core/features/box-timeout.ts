/**
 * `boxTimeout`: a box that drips in is given up at some time. The bytes that it may hold are bounded elsewhere, and
 * `idleTimeout` takes each of them for a sign of life.
 *
 * A box that is whole when a read ends costs nothing here, and one that is not only a look at the clock. There is one
 * timer, set when a box stays behind and none is set. It is not taken back when the box is whole: it finds out, when
 * it fires, which box waits then and since when. So a stream that is cut in the middle of every box sets a timer
 * once in `boxTimeout`, and a connection that has fallen silent between two boxes soon has none.
 */

import type { Feature, FeatureKind } from "../connection/feature.ts";
import type { Kernel } from "../connection/kernel.ts";
import { BoxTimeout } from "../errors/peer.ts";

class BoxDeadline implements Feature {
  readonly #kernel: Kernel;
  readonly #look = () => this.#judge();
  /** Where in the stream the box begins that stayed behind last. */
  #box = -1;
  /** When its first byte was here, moved on by the time in which we did not read. */
  #since = 0;
  /** Since when we do not read, for reasons of our own: a pause is not the peer's fault. */
  #stopped: number | undefined;
  #timer: unknown;

  constructor(kernel: Kernel) {
    this.#kernel = kernel;
  }

  /** A read is over. `everything`: nothing is left but, perhaps, the beginning of a box. */
  readEnded(everything: boolean): void {
    const { clock, inbox: input } = this.#kernel;
    if (!everything) {
      this.#stopped ??= clock.now();
      return;
    }
    if (input.unserved === 0) return;
    if (input.offset !== this.#box) {
      this.#box = input.offset;
      this.#since = clock.now();
    } else if (this.#stopped !== undefined) {
      this.#since += clock.now() - this.#stopped;
    }
    this.#stopped = undefined;
    this.#timer ??= clock.setTimeout(this.#look, this.#left());
  }

  stopped(): void {
    this.#kernel.clock.clearTimeout(this.#timer);
  }

  /** Milliseconds that the box has yet. */
  #left(): number {
    return this.#since + this.#kernel.limits.boxTimeout - this.#kernel.clock.now();
  }

  #judge(): void {
    const { clock, inbox: input, limits } = this.#kernel;
    this.#timer = undefined;
    // Who stopped reads again one day, and then the timer is set again.
    if (input.unserved === 0 || this.#stopped !== undefined) return;
    // Reading would stop at the next byte, whenever it came: how long that was so already is not known.
    if (!this.#kernel.mayRead()) this.#since = clock.now();
    const left = this.#left();
    if (left > 0) {
      this.#timer = clock.setTimeout(this.#look, left);
      return;
    }
    this.#kernel.fail(
      new BoxTimeout(
        `the box at byte ${input.offset} has not come whole within the limit boxTimeout (${limits.boxTimeout} ms): ${input.unserved} bytes of it had come`,
      ),
    );
  }
}

export const boxTimeout: FeatureKind = (kernel) =>
  Number.isFinite(kernel.limits.boxTimeout) ? new BoxDeadline(kernel) : undefined;
