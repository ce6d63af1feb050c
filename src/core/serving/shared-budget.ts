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

  /** A connection has ended. @param own the bytes that it still used */
  leave(own: number): void {
    this.#connections--;
    this.#used -= own;
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

/** A connection that uses an {@link UnsentBudget}. */
export interface UnsentUser {
  /** Called after the connection was chosen to end, because it has the most unsent bytes. */
  tooMuchUnsent(bytes: number): void;
}

/**
 * A limit on the unsent bytes of all connections of a server. Over the limit, the connection with the most unsent bytes ends,
 * and not the one that has just written: that one may belong to a peer that reads.
 */
export class UnsentBudget {
  readonly limit: number;
  #used = 0;
  /** Unsent bytes of the connections that have any. */
  readonly #users = new Map<UnsentUser, number>();

  /** @param limit bytes over all connections */
  constructor(limit: number) {
    this.limit = limit;
  }

  /** @param bytes all unsent bytes of the connection */
  count(user: UnsentUser, bytes: number): void {
    this.#used += bytes - (this.#users.get(user) ?? 0);
    if (bytes > 0) this.#users.set(user, bytes);
    else this.#users.delete(user);
    while (this.#used > this.limit) this.#endLargest();
  }

  #endLargest(): void {
    const [user, bytes] = [...this.#users].reduce((most, next) => (next[1] > most[1] ? next : most));
    this.#users.delete(user);
    this.#used -= bytes;
    // Later: the connection may be writing now.
    void Promise.resolve().then(() => user.tooMuchUnsent(bytes));
  }
}

/** Limits that the connections of a server share. */
export interface SharedBudgets {
  /** Weight of asks in progress. */
  readonly inProgress: SharedBudget;
  /** Bytes that wait to be sent. */
  readonly unsent: UnsentBudget;
}
