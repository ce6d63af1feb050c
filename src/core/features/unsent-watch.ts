/**
 * Watches bytes that wait to be sent. `unsentTimeout` closes the connection of a peer that does not read. While the
 * connections of a server have too many unsent bytes together, a connection with more than its share has only a second.
 */
import type { FeatureKind, Kernel, UnsentObserver } from "../connection/feature.ts";
import { LimitExceeded } from "../errors/caller.ts";
import { UnsentTimeout } from "../errors/unsent-timeout.ts";

/** Milliseconds between two looks, and without progress over the share of the connection. */
const LOOK_MS = 1_000;

/** `unsentTimeout`, and the limit on unsent bytes that the connections of a server share. */
export const unsentWatch: FeatureKind = { watchUnsent: (kernel) => new UnsentWatch(kernel) };

class UnsentWatch implements UnsentObserver {
  readonly #kernel: Kernel;
  readonly #look = () => this.#check();
  #timer: unknown;
  /** Bytes that the peer had taken at the last look. */
  #taken = 0;
  /** The time of the last progress. */
  #since = 0;
  /** Bytes that the shared budget counts for this connection. */
  #counted = 0;

  constructor(kernel: Kernel) {
    this.#kernel = kernel;
  }

  unsentChanged(): void {
    this.#count(this.#kernel.outbox.pending);
    if (this.#kernel.outbox.backlog === 0) return this.#stopTimer();
    if (this.#timer !== undefined) return;
    this.#progress();
    this.#setTimer();
  }

  stopped(): void {
    this.#count(0);
    this.#stopTimer();
  }

  /** Tells the budget of the server, if there is one, how many bytes wait on this connection. */
  #count(pending: number): void {
    const budget = this.#kernel.budgets?.unsent;
    if (budget === undefined) return;
    budget.add(pending - this.#counted);
    this.#counted = pending;
    this.#kernel.isOverShare = budget.isExceededBy(pending);
  }

  #stopTimer(): void {
    this.#kernel.clock.clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #setTimer(): void {
    const { clock, limits } = this.#kernel;
    this.#timer = clock.setTimeout(this.#look, Math.min(LOOK_MS, limits.unsentTimeout));
  }

  #takenNow(): number {
    const { outbox, transport } = this.#kernel;
    return transport.taken ?? outbox.writtenBytes - transport.unsent;
  }

  #progress(): void {
    this.#taken = this.#takenNow();
    this.#since = this.#kernel.clock.now();
  }

  #check(): void {
    const { clock, limits, transport } = this.#kernel;
    this.#timer = undefined;
    if (transport.unsent === 0) return;
    this.#count(this.#kernel.outbox.pending); // other connections may have written or ended
    if (this.#takenNow() > this.#taken) this.#progress();
    const silent = clock.now() - this.#since;
    if (silent >= limits.unsentTimeout) {
      this.#kernel.destroy(
        new UnsentTimeout(
          `the peer has taken none of ${transport.unsent} unsent bytes for ${limits.unsentTimeout} ms: the limit is unsentTimeout`,
        ),
      );
    } else if (this.#kernel.isOverShare && silent >= LOOK_MS) {
      const reason = new LimitExceeded(
        `the peer does not read, and its ${transport.unsent} unsent bytes exceed its share: the limit is serverLimits.maxUnsentBytes`,
      );
      this.#kernel.violated(reason);
      this.#kernel.destroy(reason);
    } else this.#setTimer();
  }
}
