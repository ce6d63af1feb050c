/**
 * Is the peer still there? Two ways to tell: `idleTimeout` gives up on whoever is silent, and the heartbeat asks
 * before it gives up.
 *
 * AMP has no ping. What every implementation has is an answer to a command it does not know, `UNHANDLED`; so the
 * heartbeat asks for one that nobody serves, and whatever comes from the peer then proves that it lives.
 */
import { HeartbeatTimeout, IdleTimeout } from "../errors/transport.ts";
import type { Clock } from "../transport.ts";

/** What a heartbeat asks for. A peer that does serve it may answer what it likes. */
export const HEARTBEAT_COMMAND = "ampwire.Heartbeat";

/** Nothing is sent while the peer is heard of anyway. */
export interface HeartbeatOptions {
  /** Milliseconds without a byte from the peer, after which it is asked for a sign of life. */
  readonly interval: number;
  /** Milliseconds that it has for any sign of life, before the connection is destroyed. Default: `interval`. */
  readonly timeout?: number | undefined;
}

/** @throws RangeError for milliseconds that are not a positive number, TypeError for what does not go together */
export function checkHeartbeat({
  heartbeat,
  receiver,
}: {
  readonly heartbeat?: HeartbeatOptions | undefined;
  readonly receiver?: unknown;
}): void {
  if (heartbeat === undefined) return;
  const { interval, timeout = interval } = heartbeat;
  for (const [name, value] of Object.entries({ interval, timeout })) {
    if (typeof value !== "number" || !(value > 0)) {
      throw new RangeError(`heartbeat: ${name} must be a positive number, not ${String(value)}`);
    }
  }
  if (receiver !== undefined) {
    throw new TypeError("a heartbeat is a call, and a connection with a receiver makes none");
  }
}

/** What telling life from death needs to know of the connection, and to do with it. */
export interface LivenessGate {
  /** False while nothing can be heard because we do not read, for reasons of our own. */
  readonly listening: boolean;
  /** False while no ask can be sent, or no answer can come. */
  readonly mayAsk: boolean;
  /** Bytes that the peer has not taken yet. */
  readonly unsent: number;
  ask(command: string): void;
  idle(reason: Error): void;
  dead(reason: Error): void;
}

export class Liveness {
  readonly #clock: Clock;
  readonly #idleTimeout: number;
  readonly #interval: number;
  readonly #timeout: number;
  readonly #gate: LivenessGate;
  /** When the peer was last heard of. */
  #heard: number;
  /** The same, or when it could last not be asked. */
  #quietSince: number;
  /** The question that nothing has come after, and what was unsent before it. */
  #asked: { readonly at: number; readonly unsent: number } | undefined;
  #timer: unknown;

  /** @param heartbeat as {@link checkHeartbeat} has let it pass */
  constructor(
    clock: Clock,
    idleTimeout: number,
    heartbeat: HeartbeatOptions | undefined,
    gate: LivenessGate,
  ) {
    this.#clock = clock;
    this.#idleTimeout = idleTimeout;
    this.#interval = heartbeat?.interval ?? Number.POSITIVE_INFINITY;
    this.#timeout = heartbeat?.timeout ?? this.#interval;
    this.#gate = gate;
    this.#heard = this.#quietSince = clock.now();
    this.#lookIn(Math.min(idleTimeout, this.#interval));
  }

  /** Something came from the peer. */
  heard(): void {
    this.#heard = this.#quietSince = this.#clock.now();
    this.#asked = undefined;
  }

  stop(): void {
    this.#clock.clearTimeout(this.#timer);
  }

  #lookIn(milliseconds: number): void {
    if (Number.isFinite(milliseconds)) this.#timer = this.#clock.setTimeout(() => this.#look(), milliseconds);
  }

  #look(): void {
    if (!this.#gate.listening) this.heard();
    const idleIn = this.#idleTimeout - (this.#clock.now() - this.#heard);
    if (idleIn <= 0) {
      this.#gate.idle(new IdleTimeout(`nothing came from the peer for ${this.#idleTimeout} ms`));
      return;
    }
    const beatIn = this.#beat();
    if (beatIn !== undefined) this.#lookIn(Math.min(idleIn, beatIn));
  }

  /** Asks, or gives up, when it is time; tells when to look again. */
  #beat(): number | undefined {
    const now = this.#clock.now();
    const { mayAsk, unsent } = this.#gate;
    if (!mayAsk) {
      this.#quietSince = now;
      this.#asked = undefined;
    }
    if (this.#asked === undefined) {
      const askIn = this.#interval - (now - this.#quietSince);
      if (askIn > 0) return askIn;
      this.#asked = { at: now, unsent };
      this.#gate.ask(HEARTBEAT_COMMAND);
      return this.#timeout;
    }
    const deadIn = this.#timeout - (now - this.#asked.at);
    if (deadIn > 0) return deadIn;
    if (unsent < this.#asked.unsent) {
      // The question waits behind bytes that the peer is taking: slowly, but who takes them is alive.
      this.#asked = { at: now, unsent };
      return this.#timeout;
    }
    this.#gate.dead(
      new HeartbeatTimeout(
        `the peer is gone: it was silent for ${this.#interval} ms, was asked for a sign of life, and gave none within ${this.#timeout} ms`,
      ),
    );
    return undefined;
  }
}
