/** Every object that makes calls is assignable to Caller, and its calls have the same types. */
import { type BoxDispatcher, type Caller, type Connection, command, integer } from "ampwire";
import type { NodeConnection, ReconnectingClient as OverSockets } from "ampwire/node";
import type { ReconnectingClient as OverWebSockets } from "ampwire/websocket";

const Sum = command("Sum", { arguments: { a: integer(), b: integer() }, response: { total: integer() } });

export const sum = async (caller: Caller): Promise<number> => {
  const { total } = await caller.callRemote(Sum, { a: 1, b: 2 });
  return total;
};

export const sums = (
  connection: Connection | NodeConnection | BoxDispatcher,
  client: OverSockets | OverWebSockets,
) => [sum(connection), sum(client)];

export const connections = (sockets: OverSockets, webSockets: OverWebSockets) => ({
  node: sockets.connection satisfies NodeConnection | undefined,
  // @ts-expect-error a connection over a WebSocket has no switchProtocol()
  none: webSockets.connection?.switchProtocol,
});
