/** The proxy: listens, and for each connection opens one to the server behind it. */
import { once } from "node:events";
import { createServer, connect as openSocket, type Socket } from "node:net";
import { messageOf } from "../../core/errors/to-error.ts";
import { ConnectFailed } from "../../index.ts";
import { Relay, type RelayOptions } from "./relay.ts";
import type { Traffic } from "./traffic.ts";

/** In Node's own terms. */
export type Place = { readonly port: number; readonly host: string } | { readonly path: string };

export interface ProxyOptions extends Omit<RelayOptions, "tell"> {
  readonly listen: Place;
  readonly to: Place;
  /** Hears of everything that passes. Connections count from 1. */
  readonly tell: (connection: number, traffic: Traffic) => void;
  /** Hears why a connection could not be accepted. */
  readonly onError?: ((error: Error) => void) | undefined;
}

export interface RunningProxy extends AsyncDisposable {
  /** Where it listens: with the port that was found, for port 0. */
  readonly place: Place;
  /** Stops listening, closes every connection, and waits until the last one has been told of. */
  close(): Promise<void>;
}

/** @throws Node's error when the address cannot be had */
export async function startProxy(options: ProxyOptions): Promise<RunningProxy> {
  const open = new Set<Conversation>();
  let count = 0;
  // allowHalfOpen: the end of one side is passed on as that, and the other side may go on.
  const server = createServer({ allowHalfOpen: true, noDelay: true, pauseOnConnect: true }, (client) => {
    const connection = ++count;
    const tell = (traffic: Traffic) => options.tell(connection, traffic);
    tell({ kind: "opened", peer: client.remoteAddress && `${client.remoteAddress}:${client.remotePort}` });
    const conversation = converse(client, { ...options, tell }, options.to);
    open.add(conversation);
    void conversation.over.finally(() => open.delete(conversation));
  });
  server.listen(options.listen);
  await once(server, "listening");
  server.on("error", (error) => options.onError?.(error)); // one that nobody listens to ends the process
  const address = server.address();
  const place = typeof address === "object" && address !== null ? hostOf(address) : options.listen;
  const close = async () => {
    server.close();
    await Promise.all(
      Array.from(open, ({ over, destroy }) => {
        destroy();
        return over;
      }),
    );
  };
  return { place, close, [Symbol.asyncDispose]: close };
}

/** A client, and from some time on the server behind it. */
interface Conversation {
  readonly over: Promise<void>;
  /** Ends both legs: one that takes nothing would wait for ever for what the other has said. */
  readonly destroy: () => void;
}

function converse(client: Socket, options: RelayOptions, to: Place): Conversation {
  let destroy: () => void = () => client.destroy();
  const over = serve(client, options, to, (relay) => {
    destroy = () => relay.destroy();
  });
  return { over, destroy: () => destroy() };
}

async function serve(
  client: Socket,
  options: RelayOptions,
  to: Place,
  joined: (relay: Relay) => void,
): Promise<void> {
  client.on("error", () => {}); // until the relay listens; and then it does, too
  const server = openSocket({ ...to, noDelay: true, allowHalfOpen: true });
  server.pause();
  const gone = () => server.destroy(new Error("the client has gone"));
  client.once("close", gone);
  try {
    await once(server, "connect");
  } catch (cause) {
    client.destroy();
    const where = "path" in to ? to.path : `${to.host}:${to.port}`;
    const reason = new ConnectFailed(`cannot connect to ${where}: ${messageOf(cause)}`, { cause });
    options.tell({ kind: "closed", reason });
    return;
  } finally {
    client.off("close", gone);
  }
  const relay = new Relay(client, server, options);
  joined(relay);
  await relay.closed;
}

function hostOf({ address, port }: { readonly address: string; readonly port: number }): Place {
  return { host: address, port };
}
