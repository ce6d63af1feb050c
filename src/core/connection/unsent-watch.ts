/** Watches bytes that wait to be sent: `unsentTimeout` closes the connection of a peer that does not read. */
import { UnsentTimeout } from "../errors/transport.ts";
import type { Kernel } from "./feature.ts";

export class UnsentWatch {
  readonly #kernel: Kernel;
  readonly #look = () => this.#check();
  #timer: unknown;
  /** Bytes that the peer had taken at the last look. */
  #taken = 0;

  constructor(kernel: Kernel) {
    this.#kernel = kernel;
  }

  /** Called after a write that has left unsent bytes. Sets a timer if there is none. */
  begin(): void {
    if (this.#timer !== undefined) return;
    const { clock, limits } = this.#kernel;
    if (!Number.isFinite(limits.unsentTimeout)) return;
    this.#taken = this.#takenNow();
    this.#timer = clock.setTimeout(this.#look, limits.unsentTimeout);
  }

  stop(): void {
    this.#kernel.clock.clearTimeout(this.#timer);
  }

  #takenNow(): number {
    const { outbox, transport } = this.#kernel;
    return transport.taken ?? outbox.writtenBytes - transport.unsent;
  }

  #check(): void {
    const { limits, transport } = this.#kernel;
    this.#timer = undefined;
    const { unsent } = transport;
    if (unsent === 0) return;
    if (this.#takenNow() > this.#taken) return this.begin();
    this.#kernel.destroy(
      new UnsentTimeout(
        `the peer has taken none of ${unsent} unsent bytes for ${limits.unsentTimeout} ms: the limit is unsentTimeout`,
      ),
    );
  }
}
