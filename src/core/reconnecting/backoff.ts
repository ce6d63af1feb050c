/** How long to wait before the next attempt: exponentially longer, with full jitter, so that a crowd of clients spreads. */

export interface BackoffOptions {
  /** Milliseconds that the first wait takes at most. Default 100. */
  readonly initial?: number | undefined;
  /** Milliseconds that no wait exceeds. Default 30,000. */
  readonly max?: number | undefined;
  /** By how much the next wait may be longer than the one before. Default 2. */
  readonly factor?: number | undefined;
  /** From 0 to 1: which part of the longest wait it is to be. What it throws closes the client. Default `Math.random`. */
  readonly jitter?: (() => number) | undefined;
}

export class Backoff {
  readonly #initial: number;
  readonly #max: number;
  readonly #factor: number;
  readonly #jitter: () => number;
  #ceiling: number;

  /** @throws RangeError */
  constructor({ initial = 100, max = 30_000, factor = 2, jitter = Math.random }: BackoffOptions = {}) {
    for (const [name, value, least] of [
      ["initial", initial, 0],
      ["max", max, initial],
      ["factor", factor, 1],
    ] as const) {
      if (!Number.isFinite(value) || value < least) {
        throw new RangeError(`backoff: ${name} must be a number from ${least} up, not ${String(value)}`);
      }
    }
    this.#initial = initial;
    this.#max = max;
    this.#factor = factor;
    this.#jitter = jitter;
    this.#ceiling = initial;
  }

  /** Milliseconds until the next attempt. @throws RangeError for a part that is none, and what `jitter` throws */
  next(): number {
    const ceiling = this.#ceiling;
    this.#ceiling = Math.min(this.#max, ceiling * this.#factor);
    const part = this.#jitter();
    if (!(part >= 0 && part <= 1)) {
      // A timer would take NaN for 0, and the server be hammered.
      throw new RangeError(`backoff: jitter must give a number from 0 to 1, not ${String(part)}`);
    }
    return part * ceiling;
  }

  /**
   * A connection has been up for so many milliseconds. Only one that outlived the next wait makes the waits short
   * again: a server that accepts and hangs up is not to be hammered.
   */
  lasted(milliseconds: number): void {
    if (milliseconds >= this.#ceiling) this.#ceiling = this.#initial;
  }
}
