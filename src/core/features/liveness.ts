/**
 * Is the peer still there? Two ways to tell: `idleTimeout` gives up on whoever is silent, and the heartbeat asks
 * before it gives up.
 *
 * AMP has no ping. What every implementation has is an answer to a command it does not know, `UNHANDLED`; so the
 * heartbeat asks for one that nobody serves, and whatever comes from the peer then proves that it lives.
 */

import { plaintextForbids } from "../connection/admission.ts";
import type { Feature, FeatureKind } from "../connection/feature.ts";
import { HEARTBEAT_COMMAND, type HeartbeatOptions } from "../connection/heartbeat-options.ts";
import type { Kernel } from "../connection/kernel.ts";
import { HeartbeatTimeout, IdleTimeout } from "../errors/transport.ts";

export class Liveness implements Feature {
  readonly #kernel: Kernel;
  readonly #idleTimeout: number;
  readonly #interval: number;
  readonly #timeout: number;
  /** When the peer was last heard of. */
  #heard: number;
  /** The same, or when it could last not be asked. */
  #quietSince: number;
  /** The question that nothing has come after, and what was unsent before it. */
  #asked: { readonly at: number; readonly unsent: number } | undefined;
  #timer: unknown;

  /** @param heartbeat as {@link checkHeartbeat} has let it pass */
  constructor(kernel: Kernel, heartbeat: HeartbeatOptions | undefined) {
    const { clock, limits } = kernel;
    const { idleTimeout } = limits;
    this.#kernel = kernel;
    this.#idleTimeout = idleTimeout;
    this.#interval = heartbeat?.interval ?? Number.POSITIVE_INFINITY;
    this.#timeout = heartbeat?.timeout ?? this.#interval;
    this.#heard = this.#quietSince = clock.now();
    this.#lookIn(Math.min(idleTimeout, this.#interval));
  }

  /** Something came from the peer. */
  heard(): void {
    this.#heard = this.#quietSince = this.#kernel.clock.now();
    this.#asked = undefined;
  }

  stopped(): void {
    this.#kernel.clock.clearTimeout(this.#timer);
  }

  #lookIn(milliseconds: number): void {
    if (Number.isFinite(milliseconds))
      this.#timer = this.#kernel.clock.setTimeout(() => this.#look(), milliseconds);
  }

  #look(): void {
    if (!this.#kernel.mayListen()) this.heard();
    const idleIn = this.#idleTimeout - (this.#kernel.clock.now() - this.#heard);
    if (idleIn <= 0) {
      this.#kernel.fail(new IdleTimeout(`nothing came from the peer for ${this.#idleTimeout} ms`));
      return;
    }
    const beatIn = this.#beat();
    if (beatIn !== undefined) this.#lookIn(Math.min(idleIn, beatIn));
  }

  /** Asks, or gives up, when it is time; tells when to look again. */
  #beat(): number | undefined {
    const now = this.#kernel.clock.now();
    const { unsent } = this.#kernel.transport;
    if (!this.#mayAsk()) {
      this.#quietSince = now;
      this.#asked = undefined;
    }
    if (this.#asked === undefined) {
      const askIn = this.#interval - (now - this.#quietSince);
      if (askIn > 0) return askIn;
      this.#asked = { at: now, unsent };
      this.#kernel.dispatcher.askAndForget(HEARTBEAT_COMMAND);
      return this.#timeout;
    }
    const deadIn = this.#timeout - (now - this.#asked.at);
    if (deadIn > 0) return deadIn;
    if (unsent < this.#asked.unsent) {
      // The question waits behind bytes that the peer is taking: slowly, but who takes them is alive.
      this.#asked = { at: now, unsent };
      return this.#timeout;
    }
    this.#kernel.ending.destroy(
      new HeartbeatTimeout(
        `the peer is gone: it was silent for ${this.#interval} ms, was asked for a sign of life, and gave none within ${this.#timeout} ms`,
      ),
    );
    return undefined;
  }

  /** False while no ask can be sent, or no answer can come. */
  #mayAsk(): boolean {
    const kernel = this.#kernel;
    return kernel.rules.output === "sent" && !kernel.peerEnded && !plaintextForbids(kernel, undefined);
  }
}

export const liveness: FeatureKind = (kernel, { heartbeat }) =>
  heartbeat === undefined && !Number.isFinite(kernel.limits.idleTimeout)
    ? undefined
    : new Liveness(kernel, heartbeat);
