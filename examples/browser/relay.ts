/** A relay: forwards each call of the page to a Twisted server, and each call of the Twisted server to the page. */
import { type Box, type Connection, RemoteAmpError, UNHANDLED_ERROR_CODE, UnhandledCommand } from "ampwire";
import { type ConnectOptions, connect } from "ampwire/node";
import { attach, type WebSocketLike } from "ampwire/websocket";

export const relayTo = (twistedServer: ConnectOptions) => async (socket: WebSocketLike) => {
  const browser = attach(socket, { locator: forwarding(() => twisted) });
  const twisted = connect({ ...twistedServer, locator: forwarding(() => browser) });
  try {
    const ends = [browser, await twisted] as const;
    await Promise.race(ends.map(({ closed }) => closed));
    await Promise.all(ends.map((end) => end.close()));
  } catch (error) {
    browser.destroy(error as Error); // the Twisted server could not be reached
  }
};

/** A locator that has a responder for every command. It calls the same command at the other end, and forwards errors with their codes. */
const forwarding = (other: () => Connection | Promise<Connection>) => ({
  locateResponder: (name: string) => async (box: Box) =>
    (await other()).callRemoteString(name, box).catch((error) => {
      throw error instanceof UnhandledCommand
        ? new RemoteAmpError(UNHANDLED_ERROR_CODE, error.message)
        : error;
    }),
});
