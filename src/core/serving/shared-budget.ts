/**
 * A limit on bytes over all connections of a server. At the limit only connections that use more than an equal share are
 * restricted, so that a few hostile peers cannot stop the others.
 */
export class SharedBudget {
  readonly limit: number;
  #used = 0;
  #connections = 0;

  /** @param limit bytes over all connections */
  constructor(limit: number) {
    this.limit = limit;
  }

  /** A connection has been opened. */
  join(): void {
    this.#connections++;
  }

  /** A connection has ended, and uses no bytes any more. */
  leave(): void {
    this.#connections--;
  }

  /** @param bytes negative for bytes that are no longer used */
  add(bytes: number): void {
    this.#used += bytes;
  }

  /** True if the limit is reached and a connection with `own` bytes uses more than its share. */
  isExceededBy(own: number): boolean {
    return this.#used >= this.limit && own * this.#connections >= this.limit;
  }
}

/** Limits that the connections of a server share. */
export interface SharedBudgets {
  /** Weight of asks in progress. */
  readonly inProgress: SharedBudget;
  /** Bytes that wait to be sent. */
  readonly unsent: SharedBudget;
  /** Rate limit on reports of violations of the protocol: strangers can open any number of connections. */
  readonly reports?: { admit(): boolean } | undefined;
}
