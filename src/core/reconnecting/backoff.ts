/** Waits between attempts to connect: exponential, with full jitter, so that many clients do not retry at the same time. */
import { shownValue } from "../errors/shown-value.ts";
import { invalidNumber } from "../number-option.ts";
import { checkOptionNames } from "../option-names.ts";

export interface BackoffOptions {
  /** Longest first wait, in milliseconds. Default 100. */
  readonly initial?: number | undefined;
  /** Limit on every wait, in milliseconds. Default 30,000, or `initial` if that is more. */
  readonly max?: number | undefined;
  /** Growth of the longest wait from one attempt to the next. Default 2. */
  readonly factor?: number | undefined;
  /**
   * Returns the part of the longest wait to use, from 0 to 1. The client also shuffles several addresses with it. Default
   * `Math.random`. If it throws, the client closes with the error.
   */
  readonly jitter?: (() => number) | undefined;
}

/** Names of the {@link BackoffOptions}. */
export const BACKOFF_OPTIONS = ["initial", "max", "factor", "jitter"] as const;

export class Backoff {
  readonly #initial: number;
  readonly #max: number;
  readonly #factor: number;
  readonly #jitter: () => number;
  /** Longest next wait. */
  #ceiling: number;

  /** @throws RangeError for an invalid option, TypeError for an unknown one and for a `jitter` that is not a function */
  constructor(options: BackoffOptions = {}) {
    checkOptionNames("backoff", options, BACKOFF_OPTIONS);
    const { initial = 100, max = Math.max(30_000, initial), factor = 2, jitter = Math.random } = options;
    if (typeof jitter !== "function")
      throw new TypeError(`backoff.jitter must be a function, not ${shownValue(jitter)}`);
    for (const [name, value, least] of [
      ["initial", initial, 0],
      ["max", max, initial],
      ["factor", factor, 1],
    ] as const) {
      if (!Number.isFinite(value) || value < least)
        throw invalidNumber(`backoff.${name}`, `a finite number of at least ${least}`, value);
    }
    this.#initial = initial;
    this.#max = max;
    this.#factor = factor;
    this.#jitter = jitter;
    this.#ceiling = initial;
  }

  /**
   * Returns the milliseconds until the next attempt.
   * @throws RangeError if `jitter` does not return a number from 0 to 1; any error that `jitter` throws
   */
  next(): number {
    const ceiling = this.#ceiling;
    this.#ceiling = Math.min(this.#max, ceiling * this.#factor);
    const part = this.#jitter();
    if (!(part >= 0 && part <= 1)) {
      // A timer would take NaN for 0, and the client would flood the server with attempts.
      throw invalidNumber("the result of backoff.jitter", "a number from 0 to 1", part);
    }
    return part * ceiling;
  }

  /**
   * Resets the waits after a connection that lasted long enough. If it was shorter than the longest next wait, the waits
   * stay long: a server that accepts and closes at once must not be flooded.
   * @param milliseconds how long the connection lasted
   */
  lasted(milliseconds: number): void {
    if (milliseconds >= this.#ceiling) this.#ceiling = this.#initial;
  }
}
