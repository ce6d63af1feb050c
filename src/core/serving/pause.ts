/**
 * A pause of the reading, while limits on asks are reached and no call of this end waits for an answer.
 *
 * A peer that has gone is noticed only by reading what it sent before. So after {@link READ_AHEAD_MS} without a finished ask
 * this end reads on and queues the asks. If even the queue is full, and no ask finishes in `pauseTimeout`, the connection is
 * closed.
 */
import type { Port } from "../calls/port.ts";
import { LimitExceeded } from "../errors/caller.ts";

/** Milliseconds between two looks. */
const READ_AHEAD_MS = 1_000;

/** The serving half of a connection, as its pause sees it. */
interface PausedServing {
  readonly full: boolean;
  readonly refuses: boolean;
  /** Number of asks that have finished: it grows while there is progress. */
  readonly finished: number;
}

/** The connection, as the pause sees it. */
type PausedPort = Pick<Port, "alive" | "clock" | "limits" | "violated">;

export class Pause {
  readonly #port: PausedPort;
  readonly #serving: PausedServing;
  readonly #readAhead: () => void;
  readonly #look = () => this.#check();
  #timer: unknown;
  /** Number of finished asks at the last look. */
  #finished = 0;
  /** The time of the last progress. */
  #since = 0;

  /** @param readAhead called when asks are read and queued from now on */
  constructor(port: PausedPort, serving: PausedServing, readAhead: () => void) {
    this.#port = port;
    this.#serving = serving;
    this.#readAhead = readAhead;
  }

  /** Called while a limit is reached. Sets a timer if there is none. */
  begin(): void {
    if (this.#timer !== undefined || !this.#port.alive) return;
    const { clock } = this.#port;
    this.#finished = this.#serving.finished;
    this.#since = clock.now();
    this.#timer = clock.setTimeout(this.#look, READ_AHEAD_MS);
  }

  stop(): void {
    this.#port.clock.clearTimeout(this.#timer);
  }

  #check(): void {
    const { clock, limits } = this.#port;
    const serving = this.#serving;
    this.#timer = undefined;
    if (!serving.full) return;
    if (serving.finished !== this.#finished) return this.begin();
    if (serving.refuses && clock.now() - this.#since >= limits.pauseTimeout) {
      this.#port.violated(
        new LimitExceeded(
          `maxBytesInProgress is used up, and no ask has finished for ${limits.pauseTimeout} ms: the limit is pauseTimeout`,
        ),
      );
      return;
    }
    this.#timer = clock.setTimeout(this.#look, READ_AHEAD_MS);
    this.#readAhead();
  }
}
