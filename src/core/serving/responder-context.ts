/** The context that responders receive. */
import type { AmpConnection, ConnectionState, ResponderContext } from "../command/types.ts";
import { newAbortController, type Signal } from "../platform.ts";

/** One for the plaintext part of a connection and another for the part inside TLS, so that `state` is empty after the upgrade. */
export class ConnectionContext implements ResponderContext {
  readonly connection: AmpConnection;
  readonly state: ConnectionState = {};
  readonly #source: { readonly signal: Signal; readonly closing: Signal };

  constructor(connection: AmpConnection, source: { readonly signal: Signal; readonly closing: Signal }) {
    this.connection = connection;
    this.#source = source;
  }

  get signal(): Signal {
    return this.#source.signal;
  }

  get closing(): Signal {
    return this.#source.closing;
  }
}

/** The two signals of the responders of a connection. Each controller is created when its signal is first used. */
export class ContextSignals {
  #lost: ReturnType<typeof newAbortController> | undefined;
  /** The reason with which {@link signal} is aborted. */
  lostReason: Error | undefined;
  #closing: ReturnType<typeof newAbortController> | undefined;
  #closingReason: Error | undefined;

  /** Aborted when no answer can reach the peer any more. */
  get signal(): Signal {
    this.#lost ??= abortController(this.lostReason);
    return this.#lost.signal;
  }

  /** Aborted when this end begins to close the connection, or it is lost. */
  get closing(): Signal {
    this.#closing ??= abortController(this.#closingReason);
    return this.#closing.signal;
  }

  announceClosing(reason: Error): void {
    this.#closingReason ??= reason;
    this.#closing?.abort(reason);
  }

  abort(reason: Error): void {
    this.announceClosing(reason);
    this.lostReason ??= reason;
    this.#lost?.abort(reason);
  }
}

/** @param reason set if it is aborted already */
function abortController(reason: Error | undefined): ReturnType<typeof newAbortController> {
  const controller = newAbortController();
  if (reason !== undefined) controller.abort(reason);
  return controller;
}
