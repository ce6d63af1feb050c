/** Asks whose answers are not sent: each gets a heartbeat, so that its caller knows that the callee is alive. */
import type { Clock } from "../core/transport.ts";
import { heartbeatHeaders } from "./headers.ts";
import type { NatsConnectionLike } from "./nats-connection.ts";
import type { NatsWatch } from "./watch.ts";

/** An ask in progress. */
export interface AskInProgress {
  /** Subject for the answer and the heartbeats; undefined if the caller wants none. */
  readonly reply: string | undefined;
  /** Time of the clock at which the ask arrived. */
  readonly since: number;
}

const EMPTY = new Uint8Array(0);

export class InProgress<T extends AskInProgress> {
  readonly #nats: NatsConnectionLike;
  readonly #watch: NatsWatch;
  readonly #clock: Clock;
  readonly #heartbeat: number;
  readonly #headers: ReturnType<typeof heartbeatHeaders>;
  readonly #asks = new Set<T>();
  #timer: unknown;
  #idle: (() => void)[] = [];

  /**
   * @param heartbeat milliseconds between two heartbeats of one ask
   * @param worker with affinity: the id of the worker
   */
  constructor(nats: NatsConnectionLike, watch: NatsWatch, clock: Clock, heartbeat: number, worker?: string) {
    this.#nats = nats;
    this.#watch = watch;
    this.#clock = clock;
    this.#heartbeat = heartbeat;
    this.#headers = heartbeatHeaders(worker);
  }

  get size(): number {
    return this.#asks.size;
  }

  [Symbol.iterator](): Iterator<T> {
    return this.#asks.values();
  }

  add(ask: T): void {
    this.#asks.add(ask);
    this.#timer ??= this.#clock.setTimeout(this.#beat, this.#heartbeat);
  }

  delete(ask: T): void {
    if (!this.#asks.delete(ask) || this.#asks.size > 0) return;
    for (const wake of this.#idle.splice(0)) wake();
  }

  /** Resolves when no ask is in progress. */
  ended(): Promise<void> {
    if (this.#asks.size === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.#idle.push(resolve);
    });
  }

  /** Drops all asks, without heartbeats from now on. */
  clear(): void {
    for (const ask of [...this.#asks]) this.delete(ask);
    this.#clock.clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  readonly #beat = (): void => {
    this.#timer = undefined;
    // The timer ends with the first beat that finds no ask: setting and clearing one for each ask would cost more.
    if (this.#asks.size === 0) return;
    this.#timer = this.#clock.setTimeout(this.#beat, this.#heartbeat);
    if (!this.#watch.connected) return;
    // From half of the time on: otherwise the first heartbeat could come after almost two of them.
    const before = this.#clock.now() - this.#heartbeat / 2;
    const headers = this.#headers;
    for (const { reply, since } of this.#asks) {
      if (reply === undefined || since > before) continue;
      try {
        this.#nats.publish(reply, EMPTY, { headers });
      } catch {
        return; // the NATS connection is closing: the callers notice it
      }
    }
  };
}
