/** What responders are told, and the signal that ends with the connection. */
import type { AmpConnection, ResponderContext } from "../command/types.ts";
import { newAbortController, type Signal } from "../platform.ts";

/** Aborts once, when the connection is lost. Made when somebody first looks: most responders never do. */
export class Lifetime {
  #controller: ReturnType<typeof newAbortController> | undefined;
  #ended: { readonly reason: unknown } | undefined;

  get signal(): Signal {
    if (this.#controller === undefined) {
      this.#controller = newAbortController();
      if (this.#ended !== undefined) this.#controller.abort(this.#ended.reason);
    }
    return this.#controller.signal;
  }

  end(reason: unknown): void {
    this.#ended = { reason };
    this.#controller?.abort(reason);
  }
}

/** One for the plaintext part of a connection, another for the part inside TLS: so `state` starts afresh. */
export class ConnectionContext implements ResponderContext {
  readonly connection: AmpConnection;
  readonly state: Record<PropertyKey, unknown> = {};
  readonly #lifetime: Lifetime;

  constructor(connection: AmpConnection, lifetime: Lifetime) {
    this.connection = connection;
    this.#lifetime = lifetime;
  }

  get signal(): Signal {
    return this.#lifetime.signal;
  }
}
