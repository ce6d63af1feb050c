/** Queue of calls that wait for a connection, with limits on number, bytes and time. */
import { type Rejectable, rejectCall } from "../calls/rejection.ts";
import type { Caller, CallOptions } from "../command/types.ts";
import { CallTimeout, LimitExceeded } from "../errors/caller.ts";
import { messageOf } from "../errors/to-error.ts";
import { limitTime } from "../time-limit.ts";
import type { Clock } from "../transport.ts";
import type { QueueLimits } from "./options.ts";

/** A call of the client. It is sent over one connection, or over several if it is idempotent. */
export interface ClientCall extends Rejectable {
  readonly name: string;
  /** Bytes of its box. */
  readonly bytes: number;
  /** Number of the call in the order in which the calls were made. */
  readonly place: number;
  /** Number of times that the call was sent. */
  attempts: number;
  /** True: the call is sent again if its connection is lost before the answer. */
  readonly idempotent: boolean;
  /** Time of the clock at which the call times out; undefined if it has no timeout. */
  readonly deadline: number | undefined;
  readonly signal: CallOptions["signal"];
  send(connection: Caller, options: CallOptions): Promise<unknown> | undefined;
}

export class CallQueue {
  readonly #clock: Clock;
  readonly #maxCalls: number;
  readonly #maxBytes: number;
  /** Queued calls, each with the function that removes its timer and its listener. */
  readonly #calls = new Map<ClientCall, () => void>();
  #bytes = 0;
  /** True if a call that is sent again may have been added after later calls. */
  #isUnordered = false;

  constructor(clock: Clock, { maxCalls = 1_000, maxBytes = 1024 * 1024 }: QueueLimits = {}) {
    this.#clock = clock;
    this.#maxCalls = maxCalls;
    this.#maxBytes = maxBytes;
  }

  get size(): number {
    return this.#calls.size;
  }

  /** Checks that a call fits into the queue. @throws LimitExceeded */
  checkRoom({ name, bytes }: Pick<ClientCall, "name" | "bytes">): void {
    if (this.#calls.size >= this.#maxCalls) {
      throw new LimitExceeded(`${name}: ${this.#calls.size} calls are queued: the limit is queue.maxCalls`);
    }
    if (this.#bytes + bytes > this.#maxBytes) {
      throw new LimitExceeded(
        `${name}: ${this.#bytes} bytes of calls are queued: the limit is queue.maxBytes`,
      );
    }
  }

  /**
   * Adds a call. If its time is over or its signal is aborted, it leaves the queue and rejects.
   * @param lastError returns why there is no connection, for the error of a call that times out
   */
  add(call: ClientCall, lastError: () => Error | undefined): void {
    const { deadline = Number.POSITIVE_INFINITY, signal } = call;
    const timeout = Math.max(0, deadline - this.#clock.now());
    const release = limitTime(this.#clock, { timeout, signal }, (cause) => {
      this.#remove(call);
      if (cause === "timeout") rejectCall(call, timedOut(call.name, lastError()));
      else call.reject(signal?.reason);
    });
    this.#bytes += call.bytes;
    if (call.attempts > 0) this.#isUnordered = true;
    this.#calls.set(call, release);
  }

  #remove(call: ClientCall): void {
    this.#calls.get(call)?.();
    this.#calls.delete(call);
    this.#bytes -= call.bytes;
  }

  /** Removes and returns all calls, in the order in which they were made. */
  takeAll(): ClientCall[] {
    const calls = [...this.#calls.keys()];
    if (this.#isUnordered) calls.sort((a, b) => a.place - b.place);
    this.#isUnordered = false;
    for (const call of calls) this.#remove(call);
    return calls;
  }
}

function timedOut(name: string, cause: Error | undefined): CallTimeout {
  const because = cause === undefined ? "" : `: ${messageOf(cause)}`;
  return new CallTimeout(`${name} timed out before there was a connection${because}`, { cause });
}
