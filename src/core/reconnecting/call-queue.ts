/** The calls that wait for a connection: bounded in number, in bytes and in time. */
import type { Caller, CallOptions } from "../command/types.ts";
import { CallTimeout, LimitExceeded } from "../errors/caller.ts";
import type { Clock } from "../transport.ts";
import type { QueueLimits } from "./options.ts";

/** A call on its way, over one connection or several. */
export interface PendingCall {
  readonly name: string;
  /** Bytes of its box. */
  readonly bytes: number;
  /** May be sent again when the connection broke under it. */
  readonly idempotent: boolean;
  /** When its time is up, by the clock; undefined where nobody has said. */
  readonly deadline: number | undefined;
  readonly signal: CallOptions["signal"];
  send(connection: Caller, options: CallOptions): Promise<unknown> | undefined;
  resolve(value: unknown): void;
  reject(error: unknown): void;
}

export class CallQueue {
  readonly #clock: Clock;
  readonly #maxCalls: number;
  readonly #maxBytes: number;
  /** With what takes back its timer and its listener. */
  readonly #calls = new Map<PendingCall, () => void>();
  #bytes = 0;

  constructor(clock: Clock, { maxCalls = 1_000, maxBytes = 1024 * 1024 }: QueueLimits = {}) {
    this.#clock = clock;
    this.#maxCalls = maxCalls;
    this.#maxBytes = maxBytes;
  }

  get size(): number {
    return this.#calls.size;
  }

  /** @throws LimitExceeded */
  checkRoom(bytes: number): void {
    if (this.#calls.size >= this.#maxCalls) {
      throw new LimitExceeded(
        `${this.#calls.size} calls wait for a connection: the limit is waiting.maxCalls`,
      );
    }
    if (this.#bytes + bytes > this.#maxBytes) {
      throw new LimitExceeded(
        `${this.#bytes} bytes of calls wait for a connection: the limit is waiting.maxBytes`,
      );
    }
  }

  /** @param cause why there is no connection, for the error of a call whose time is up */
  add(call: PendingCall, cause: () => Error | undefined): void {
    const { deadline = Number.POSITIVE_INFINITY, signal } = call;
    const remaining = deadline - this.#clock.now();
    const leave = (error: unknown) => {
      this.#remove(call);
      call.reject(error);
    };
    const aborted = () => leave(signal?.reason);
    const expired = () => {
      const why = cause();
      const because = why === undefined ? "" : `: ${why.message}`;
      leave(new CallTimeout(`${call.name} found no connection in its time${because}`, { cause: why }));
    };
    const timer = Number.isFinite(remaining)
      ? this.#clock.setTimeout(expired, Math.max(0, remaining))
      : undefined;
    signal?.addEventListener("abort", aborted, { once: true });
    this.#bytes += call.bytes;
    this.#calls.set(call, () => {
      if (timer !== undefined) this.#clock.clearTimeout(timer);
      signal?.removeEventListener("abort", aborted);
    });
  }

  #remove(call: PendingCall): void {
    this.#calls.get(call)?.();
    this.#calls.delete(call);
    this.#bytes -= call.bytes;
  }

  /** All of them, in their order; they no longer wait. */
  takeAll(): PendingCall[] {
    const calls = [...this.#calls.keys()];
    for (const call of calls) this.#remove(call);
    return calls;
  }
}
