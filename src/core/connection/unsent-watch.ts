/**
 * Watches bytes that wait to be sent. `unsentTimeout` closes the connection of a peer that does not read. While the
 * connections of a server have too many unsent bytes together, a connection with more than its share has only a second.
 */
import { LimitExceeded } from "../errors/caller.ts";
import { UnsentTimeout } from "../errors/transport.ts";
import type { Kernel } from "./feature.ts";

/** Milliseconds between two looks, and without progress over the share of the connection. */
const LOOK_MS = 1_000;

export class UnsentWatch {
  readonly #kernel: Kernel;
  readonly #look = () => this.#check();
  #timer: unknown;
  /** Bytes that the peer had taken at the last look. */
  #taken = 0;
  /** The time of the last progress. */
  #since = 0;

  constructor(kernel: Kernel) {
    this.#kernel = kernel;
  }

  /** Called after a write that has left unsent bytes. Sets a timer if there is none. */
  begin(): void {
    if (this.#timer !== undefined) return;
    this.#progress();
    this.#setTimer();
  }

  /** Called when everything is sent, and when the connection ends. */
  stop(): void {
    if (this.#timer === undefined) return;
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
    const { clock, limits, outbox, transport } = this.#kernel;
    this.#timer = undefined;
    if (transport.unsent === 0) return;
    if (this.#takenNow() > this.#taken) this.#progress();
    const silent = clock.now() - this.#since;
    if (silent >= limits.unsentTimeout) {
      this.#kernel.destroy(
        new UnsentTimeout(
          `the peer has taken none of ${transport.unsent} unsent bytes for ${limits.unsentTimeout} ms: the limit is unsentTimeout`,
        ),
      );
    } else if (outbox.checkShare() && silent >= LOOK_MS) {
      this.#kernel.destroy(
        new LimitExceeded(
          `the peer does not read, and its ${transport.unsent} unsent bytes are more than its share of the server's: the limit is serverLimits.maxUnsentBytes`,
        ),
      );
    } else this.#setTimer();
  }
}
