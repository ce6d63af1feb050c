/** The functions that the tests of `reconnecting` need for each kind of transport. */
import type { Connection, ResponderSource, Signal } from "ampwire";
import type { ReconnectingClient } from "../../../src/core/reconnecting/client.ts";
import type { ConnectionOpener, ReconnectingBaseOptions } from "../../../src/core/reconnecting/options.ts";

export interface Carrier<C extends Connection> {
  /** Returns an address without a server. */
  place(): Place<C>;
  /** Starts `reconnecting` with a function that opens the connections. */
  reconnecting(options: ReconnectingBaseOptions<C> & ConnectionOpener<C>): ReconnectingClient<C>;
}

interface Place<C extends Connection> {
  /** Starts a server at the address until the test ends. */
  serve(...responders: ResponderSource[]): Promise<ServerThere>;
  connect(signal: Signal): Promise<C>;
  /** Starts `reconnecting` with the address. */
  reconnecting(options: ReconnectingBaseOptions<C>): ReconnectingClient<C>;
}

export interface ServerThere {
  readonly connections: ReadonlySet<Connection>;
}

export function breakAll({ connections }: ServerThere): void {
  for (const connection of connections) connection.destroy();
}
