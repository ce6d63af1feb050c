/** What the contract of `reconnecting` needs of whatever carries the connections. */
import type { Connection, ResponderSource, Signal } from "ampwire";
import type { ReconnectingClient } from "../../../src/core/reconnecting/client.ts";
import type { ConnectionOpener, ReconnectingBaseOptions } from "../../../src/core/reconnecting/options.ts";

export interface Carrier<C extends Connection> {
  /** Somewhere nobody listens yet. */
  place(): Place<C>;
  /** `reconnecting`, with a way of one's own. */
  reconnecting(options: ReconnectingBaseOptions<C> & ConnectionOpener<C>): ReconnectingClient<C>;
}

interface Place<C extends Connection> {
  /** Serves there, until the test ends. */
  serve(...responders: ResponderSource[]): Promise<ServerThere>;
  connect(signal: Signal): Promise<C>;
  /** `reconnecting`, with the address. */
  reconnecting(options: ReconnectingBaseOptions<C>): ReconnectingClient<C>;
}

export interface ServerThere {
  readonly connections: ReadonlySet<Connection>;
}

export function breakAll({ connections }: ServerThere): void {
  for (const connection of connections) connection.destroy();
}
