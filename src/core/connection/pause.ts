/**
 * A pause of the reading, while limits on asks are reached and no call of this end waits for an answer.
 *
 * A peer that has gone is noticed only by reading what it sent before. So after {@link READ_AHEAD_MS} without a finished ask
 * this end reads on and queues the asks. If even the queue is full, and no ask finishes in `pauseTimeout`, the connection is
 * closed.
 */
import { LimitExceeded } from "../errors/caller.ts";
import type { Kernel } from "./feature.ts";

/** Milliseconds between two looks. */
const READ_AHEAD_MS = 1_000;

export class Pause {
  readonly #kernel: Kernel;
  readonly #readAhead: () => void;
  readonly #look = () => this.#check();
  #timer: unknown;
  /** Number of finished asks at the last look. */
  #finished = 0;
  /** The time of the last progress. */
  #since = 0;

  constructor(kernel: Kernel, readAhead: () => void) {
    this.#kernel = kernel;
    this.#readAhead = readAhead;
  }

  /** Called while a limit is reached. Sets a timer if there is none. */
  begin(): void {
    if (this.#timer !== undefined) return;
    const { clock, serving } = this.#kernel;
    this.#finished = serving.finished;
    this.#since = clock.now();
    this.#timer = clock.setTimeout(this.#look, READ_AHEAD_MS);
  }

  stop(): void {
    this.#kernel.clock.clearTimeout(this.#timer);
  }

  #check(): void {
    const { clock, limits, serving } = this.#kernel;
    this.#timer = undefined;
    if (!serving.full) return;
    if (serving.finished !== this.#finished) return this.begin();
    if (serving.refuses && clock.now() - this.#since >= limits.pauseTimeout) {
      this.#kernel.fail(
        new LimitExceeded(
          `asks over maxBytesInProgress have stopped the reading, and none has finished for ${limits.pauseTimeout} ms: the limit is pauseTimeout`,
        ),
      );
      return;
    }
    this.#timer = clock.setTimeout(this.#look, READ_AHEAD_MS);
    this.#readAhead();
  }
}
