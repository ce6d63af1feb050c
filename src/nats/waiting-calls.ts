/** Calls that wait for their next attempt, with the limits of the option `queue`. */
import { LimitExceeded } from "../core/errors/caller.ts";
import { checkNotNegative } from "../core/number-option.ts";
import { checkOptionNames } from "../core/option-names.ts";
import { QUEUE_OPTIONS, type QueueLimits } from "../core/reconnecting/options.ts";

const DEFAULT_CALLS = 1_000;
const DEFAULT_BYTES = 1024 * 1024;

export class WaitingCalls {
  readonly #maxCalls: number;
  readonly #maxBytes: number;
  readonly #calls = new Set<object>();
  #bytes = 0;

  /** @throws RangeError, TypeError for invalid limits */
  constructor(limits: QueueLimits = {}) {
    checkOptionNames("queue", limits, QUEUE_OPTIONS);
    const { maxCalls = DEFAULT_CALLS, maxBytes = DEFAULT_BYTES } = limits;
    checkNotNegative({ "queue.maxCalls": maxCalls, "queue.maxBytes": maxBytes });
    this.#maxCalls = maxCalls;
    this.#maxBytes = maxBytes;
  }

  get size(): number {
    return this.#calls.size;
  }

  /** @throws LimitExceeded */
  add(call: object, bytes: number): void {
    if (this.#calls.size >= this.#maxCalls)
      throw new LimitExceeded(
        `${this.#calls.size} calls wait for NATS or a worker: the limit is queue.maxCalls`,
      );
    if (this.#bytes + bytes > this.#maxBytes)
      throw new LimitExceeded(
        `${this.#bytes} bytes of calls wait for NATS or a worker: the limit is queue.maxBytes`,
      );
    this.#calls.add(call);
    this.#bytes += bytes;
  }

  delete(call: object, bytes: number): void {
    if (this.#calls.delete(call)) this.#bytes -= bytes;
  }
}
