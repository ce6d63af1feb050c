/** The context that responders receive. */
import type { AmpConnection, ConnectionState, ResponderContext } from "../command/types.ts";
import type { Signal } from "../platform.ts";

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
