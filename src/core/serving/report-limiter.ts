/** Rate limit on what is reported about one connection: a peer can cause an error with every box that it sends. */
import type { Clock } from "../transport.ts";

/** Milliseconds over which reports are counted. */
const WINDOW_MS = 1_000;
/** Reports about one connection in one second. */
export const MAX_REPORTS_PER_SECOND = 20;

/**
 * Limits the reports about one connection. A window begins with the first report, and lasts one second. If reports were
 * dropped in it, its end is reported once, with their number.
 *
 * The limiter needs a clock that advances. It has a timer only while a window with dropped reports lasts.
 */
export class ReportLimiter {
  readonly #clock: Clock;
  readonly #dropped: (count: number) => void;
  readonly #max: number;
  #since = Number.NEGATIVE_INFINITY;
  #made = 0;
  #lost = 0;
  #timer: unknown;

  /**
   * @param dropped called at the end of a window with the number of reports that were dropped in it, at least one
   * @param max reports in one window
   */
  constructor(clock: Clock, dropped: (count: number) => void, max: number = MAX_REPORTS_PER_SECOND) {
    this.#clock = clock;
    this.#dropped = dropped;
    this.#max = max;
  }

  /** Counts a report. Returns false if it must be dropped. */
  admit(): boolean {
    const now = this.#clock.now();
    if (now - this.#since >= WINDOW_MS) {
      this.end(); // the timer may be late
      this.#since = now;
      this.#made = 0;
    }
    if (this.#made < this.#max) {
      this.#made++;
      return true;
    }
    if (this.#lost++ === 0)
      this.#timer = this.#clock.setTimeout(() => this.end(), WINDOW_MS - (now - this.#since));
    return false;
  }

  /** Reports what was dropped so far. Called at the end of the connection too: it clears the timer. */
  end(): void {
    if (this.#lost === 0) return;
    const count = this.#lost;
    this.#lost = 0;
    this.#clock.clearTimeout(this.#timer);
    this.#dropped(count);
  }
}
