/** The reconnecting client of Node. */
import { ReconnectingClient as CoreClient } from "../../core/reconnecting/client.ts";
import type { ConnectionFactory, ReconnectingBaseOptions } from "../../core/reconnecting/options.ts";
import { shownValue } from "../../core/wire/value-text.ts";
import { ConnectionClock } from "../clock.ts";
import type { NodeConnection } from "../connection.ts";
import { setRef } from "../set-ref.ts";
import type { ServerAddress } from "./options.ts";

/** A reconnecting client over Node connections. {@link reconnecting} creates it. */
export class ReconnectingClient extends CoreClient<NodeConnection> {
  readonly #clock: ConnectionClock;
  readonly #refs: { value: boolean };

  /** Creates a client. Prefer `reconnecting`. @throws RangeError for an invalid option */
  constructor(
    options: ReconnectingBaseOptions<NodeConnection, ServerAddress>,
    factory: Omit<ConnectionFactory<NodeConnection, ServerAddress>, "clock">,
  ) {
    const clock = new ConnectionClock();
    const refs = { value: true }; // the factory is called in the constructor of the base class
    super(options, {
      ...factory,
      clock,
      async open(signal) {
        const connection = await factory.open(signal);
        // A JavaScript program may return anything from its `open`.
        if (typeof (connection as Partial<NodeConnection> | undefined)?.destroy !== "function")
          throw new TypeError(`open must return a connection, not ${shownValue(connection)}`);
        if (!refs.value) connection.unref();
        return connection;
      },
    });
    this.#clock = clock;
    this.#refs = refs;
  }

  /** Keeps the process running as long as the client has not ended: the default. Returns the client. */
  ref(): this {
    return this.#setRef(true);
  }

  /**
   * Lets the process exit although the client has a connection or waits for the next attempt. An attempt that is under way keeps
   * the process running. Returns the client.
   */
  unref(): this {
    return this.#setRef(false);
  }

  #setRef(refs: boolean): this {
    this.#refs.value = refs;
    this.#clock.setRef(refs);
    setRef(this.connection, refs);
    return this;
  }
}
