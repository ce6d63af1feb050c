/**
 * Heartbeat and idle timeout: two ways to notice a lost peer. `idleTimeout` closes the connection of a silent peer; the
 * heartbeat asks it for an answer first.
 *
 * AMP has no ping, but every implementation answers an unknown command with `UNHANDLED`. The heartbeat calls a command
 * that no peer serves, or one that the program names; any byte from the peer then proves that it is alive.
 */
import type { AnyCommand } from "../command/types.ts";
import { plaintextForbids } from "../connection/admission.ts";
import type { Feature, FeatureKind, Kernel } from "../connection/feature.ts";

import type { HeartbeatOptions } from "../connection/options.ts";
import { HeartbeatTimeout, IdleTimeout } from "../errors/timeouts.ts";
import { checkPositive } from "../number-option.ts";
import { checkOptionNames } from "../option-names.ts";
import { Box } from "../wire/box.ts";
import { writeBox } from "../wire/box-writer.ts";
import { ByteWriter } from "../wire/byte-writer.ts";
import { ASK, COMMAND } from "../wire/protocol-keys.ts";
import { tagBytes } from "../wire/tag.ts";

/** The command that the heartbeat asks for. A peer that serves it may answer what it likes. */
export const HEARTBEAT_COMMAND = "ampwire.Heartbeat";

interface LivenessOptions {
  readonly heartbeat?: HeartbeatOptions | undefined;
}

export const liveness: FeatureKind<LivenessOptions> = {
  check: checkHeartbeat,
  make: (kernel, { heartbeat }) =>
    [kernel.limits.idleTimeout, heartbeat?.interval].some(Number.isFinite)
      ? new Liveness(kernel, heartbeat)
      : undefined,
};

function checkHeartbeat({ heartbeat, receiver }: LivenessOptions & { readonly receiver?: unknown }): void {
  if (heartbeat === undefined) return;
  checkOptionNames("heartbeat", heartbeat, ["interval", "timeout", "command"]);
  const { interval, timeout = interval } = heartbeat;
  if (heartbeat.command !== undefined) checkCommand(heartbeat.command);
  checkPositive({ "heartbeat.interval": interval, "heartbeat.timeout": timeout });
  if (receiver !== undefined) {
    throw new TypeError("a heartbeat is a call, and a connection with a receiver makes none");
  }
}

/** @throws TypeError for a command without an answer, InvalidSignature for one with required arguments */
function checkCommand(command: AnyCommand): void {
  if (!command.requiresAnswer || command.change !== undefined) {
    throw new TypeError(
      `heartbeat.command: ${command.name} must have an answer, and must not change the protocol`,
    );
  }
  command.writeAsk(new ByteWriter(), 0, {}, undefined);
}

class Liveness implements Feature {
  readonly #kernel: Kernel;
  readonly #idleTimeout: number;
  readonly #interval: number;
  readonly #timeout: number;
  readonly #command: AnyCommand | undefined;
  /** The time at which bytes last arrived. */
  #receivedAt: number;
  /** The same, or the last time at which no ask could be sent. */
  #quietSince: number;
  /** The ask without an answer, and the bytes that the system had taken before it. */
  #asked: { readonly at: number; readonly taken: number } | undefined;
  #timer: unknown;

  constructor(kernel: Kernel, heartbeat: HeartbeatOptions | undefined) {
    const { clock, limits } = kernel;
    this.#kernel = kernel;
    this.#idleTimeout = limits.idleTimeout;
    this.#interval = heartbeat?.interval ?? Number.POSITIVE_INFINITY;
    this.#timeout = heartbeat?.timeout ?? this.#interval;
    this.#command = heartbeat?.command;
    this.#receivedAt = this.#quietSince = clock.now();
    this.#lookIn(Math.min(this.#idleTimeout, this.#interval));
  }

  bytesReceived(): void {
    this.#receivedAt = this.#quietSince = this.#kernel.clock.now();
    this.#asked = undefined;
  }

  stopped(): void {
    this.#kernel.clock.clearTimeout(this.#timer);
  }

  #lookIn(milliseconds: number): void {
    this.#timer = this.#kernel.clock.setTimeout(() => this.#look(), milliseconds);
  }

  #look(): void {
    const kernel = this.#kernel;
    if (!kernel.mayListen()) this.bytesReceived();
    const idleIn = this.#idleTimeout - (kernel.clock.now() - this.#receivedAt);
    if (idleIn <= 0) {
      kernel.fail(new IdleTimeout(`nothing came from the peer for ${this.#idleTimeout} ms`));
      return;
    }
    const beatIn = this.#beat();
    // Bytes may arrive long before a timeout that is longer than the interval: the next ask is due an interval later.
    if (beatIn !== undefined) this.#lookIn(Math.min(idleIn, beatIn, this.#interval));
  }

  /** Asks, or destroys the connection, when it is time. Returns the milliseconds until the next look. */
  #beat(): number | undefined {
    const kernel = this.#kernel;
    const now = kernel.clock.now();
    const { unsent, taken = -unsent } = kernel.transport;
    if (!this.#mayAsk()) {
      this.#quietSince = now;
      this.#asked = undefined;
    }
    if (this.#asked === undefined) {
      const askIn = this.#interval - (now - this.#quietSince);
      if (askIn > 0) return askIn;
      this.#asked = { at: now, taken };
      this.#ask();
      return this.#timeout;
    }
    const deadIn = this.#timeout - (now - this.#asked.at);
    if (deadIn > 0) return deadIn;
    if (unsent > 0 && taken > this.#asked.taken) {
      // The ask waits for its turn among bytes that the peer is reading, slowly: the peer is alive.
      this.#asked = { at: now, taken };
      return this.#timeout;
    }
    kernel.destroy(
      new HeartbeatTimeout(
        `the peer is gone: it was silent for ${this.#interval} ms, and for ${this.#timeout} ms after a heartbeat`,
      ),
    );
    return undefined;
  }

  /** Sends an ask whose answer, of whatever kind, is dropped: its bytes are the sign that the peer is there. */
  #ask(): void {
    const { calls, out } = this.#kernel;
    const tag = calls.pending.addForgotten();
    writeBox(out, new Box({ [COMMAND]: this.#command?.name ?? HEARTBEAT_COMMAND, [ASK]: tagBytes(tag) }));
    this.#kernel.written();
  }

  /** False while no ask can be sent, or no answer can arrive. */
  #mayAsk(): boolean {
    const kernel = this.#kernel;
    return kernel.rules.boxes === "sent" && !kernel.peerEnded && !plaintextForbids(kernel, this.#command);
  }
}
