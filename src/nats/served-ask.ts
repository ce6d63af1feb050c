/** One ask that a worker serves: the context of its responder. */
import type { Responder } from "../core/command/responder.ts";
import type { ConnectionState, ResponderContext } from "../core/command/types.ts";
import { CallTimeout } from "../core/errors/caller.ts";
import type { Signal } from "../core/platform.ts";
import type { Values } from "../core/schema/field.ts";
import { IncomingAsk } from "../core/serving/incoming-ask.ts";
import { ContextSignals } from "../core/serving/responder-context.ts";
import type { Clock } from "../core/transport.ts";
import { beginElements, endElements } from "../core/wire/elements.ts";
import type { Frame } from "../core/wire/frame.ts";
import type { AskInProgress } from "./in-progress.ts";
import type { RemotePeer } from "./peer.ts";

export class ServedAsk implements AskInProgress, ResponderContext {
  readonly ask = new IncomingAsk();
  readonly reply: string | undefined;
  readonly since: number;
  readonly connection: RemotePeer;
  /** The client, `EDGE.ID`; undefined for a program on NATS. */
  readonly client: string | undefined;
  readonly #clock: Clock;
  /** Milliseconds after `since` until which the caller waits. */
  readonly #timeout: number | undefined;
  #state: ConnectionState | undefined;
  #signals: ContextSignals | undefined;
  #timer: unknown;
  #isClosing: Error | undefined;

  constructor(
    clock: Clock,
    reply: string | undefined,
    peer: RemotePeer,
    client: string | undefined,
    timeout: number | undefined,
    state: ConnectionState | undefined,
    isClosing: Error | undefined,
  ) {
    this.#clock = clock;
    this.since = clock.now();
    this.reply = reply;
    this.connection = peer;
    this.client = client;
    this.#timeout = timeout;
    this.#state = state;
    this.#isClosing = isClosing;
  }

  get state(): ConnectionState {
    this.#state ??= {};
    return this.#state;
  }

  get signal(): Signal {
    const timeout = this.#timeout;
    if (timeout !== undefined && this.#timer === undefined) {
      const left = Math.max(0, this.since + timeout - this.#clock.now());
      this.#timer = this.#clock.setTimeout(
        () => this.abort(new CallTimeout(`the caller of ${this.ask.name} does not wait any more`)),
        left,
      );
    }
    return this.#made().signal;
  }

  get closing(): Signal {
    return this.#made().closing;
  }

  abort(reason: Error): void {
    this.#made().abort(reason);
  }

  announceClosing(reason: Error): void {
    this.#isClosing = reason;
    this.#signals?.announceClosing(reason);
  }

  /**
   * Runs a responder, which `asCommandResponder` has checked. The frame is valid until this returns.
   * @throws what the codecs of the arguments and the responder throw
   */
  respond(responder: Responder, frame: Frame, maxElements: number): unknown {
    if (typeof responder === "function") return responder(frame.toBox(), this);
    const { command } = responder;
    beginElements(maxElements);
    let values: Values;
    try {
      values = command.readArguments(frame, this.connection);
    } finally {
      endElements();
    }
    this.ask.command = command; // from here on, errors may be those that the command declares
    return responder.respond(values, this);
  }

  /** The responder has finished. */
  ended(): void {
    if (this.#timer !== undefined) this.#clock.clearTimeout(this.#timer);
  }

  #made(): ContextSignals {
    if (this.#signals === undefined) {
      this.#signals = new ContextSignals();
      if (this.#isClosing !== undefined) this.#signals.announceClosing(this.#isClosing);
    }
    return this.#signals;
  }
}
