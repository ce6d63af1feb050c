/** The proxy server: accepts clients, and opens a connection to the server for each of them. */
import { once } from "node:events";
import { createServer, connect as openSocket, type Socket } from "node:net";
import { ConnectFailed } from "../../index.ts";
import { hostAndPort, type SocketAddress, socketText } from "../net/address.ts";
import { reasonOf } from "../net/reason.ts";
import type { Traffic } from "../traffic/traffic.ts";
import { Relay, type RelayOptions } from "./relay.ts";

export interface ProxyOptions extends Omit<RelayOptions, "onTraffic" | "onFirstDrop"> {
  readonly listen: SocketAddress;
  readonly to: SocketAddress;
  /** Called for each event. Connections are numbered from 1. */
  readonly onTraffic: (connection: number, traffic: Traffic) => void;
  /** Called once for a connection of which an unanswered ask is dropped because there are too many. */
  readonly onFirstDrop?: ((connection: number) => void) | undefined;
  /** Called with the reason if a connection cannot be accepted. */
  readonly onError?: ((error: Error) => void) | undefined;
}

export interface RunningProxy extends AsyncDisposable {
  /** The address, with the chosen port if port 0 was requested. */
  readonly address: SocketAddress;
  /** Stops listening, closes every connection, and waits for their last events. */
  close(): Promise<void>;
}

/** @throws Node's error if the address is not available */
export async function startProxy(options: ProxyOptions): Promise<RunningProxy> {
  const open = new Set<Conversation>();
  let count = 0;
  // allowHalfOpen: the end of one side is forwarded, and the other side may still send.
  const server = createServer({ allowHalfOpen: true, noDelay: true, pauseOnConnect: true }, (client) => {
    const connection = ++count;
    const onTraffic = (traffic: Traffic) => options.onTraffic(connection, traffic);
    const onFirstDrop = () => options.onFirstDrop?.(connection);
    onTraffic({
      kind: "opened",
      peer: client.remoteAddress && hostAndPort(client.remoteAddress, client.remotePort),
    });
    const conversation = converse(client, { ...options, onTraffic, onFirstDrop }, options.to);
    open.add(conversation);
    void conversation.closed.finally(() => open.delete(conversation));
  });
  server.listen(options.listen);
  await once(server, "listening");
  server.on("error", (error) => options.onError?.(error)); // without a listener, it would end the process
  const bound = server.address();
  const address = typeof bound === "object" && bound !== null ? socketAddressOf(bound) : options.listen;
  const close = async () => {
    server.close();
    await Promise.all(
      Array.from(open, ({ closed, destroy }) => {
        destroy();
        return closed;
      }),
    );
  };
  return { address, close, [Symbol.asyncDispose]: close };
}

/** One accepted client, and its connection to the server once that is open. */
interface Conversation {
  readonly closed: Promise<void>;
  /** Destroys both streams. A peer that does not read would delay an orderly end forever. */
  readonly destroy: () => void;
}

function converse(client: Socket, options: RelayOptions, to: SocketAddress): Conversation {
  let destroy: () => void = () => client.destroy();
  const closed = serve(client, options, to, (relay) => {
    destroy = () => relay.destroy();
  });
  return { closed, destroy: () => destroy() };
}

async function serve(
  client: Socket,
  options: RelayOptions,
  to: SocketAddress,
  onRelay: (relay: Relay) => void,
): Promise<void> {
  client.on("error", () => {}); // errors before the relay exists; the connection closes then
  const server = openSocket({ ...to, noDelay: true, allowHalfOpen: true });
  server.pause();
  const abort = () => server.destroy(new Error("the client closed the connection"));
  client.once("close", abort);
  try {
    await once(server, "connect");
  } catch (cause) {
    client.destroy();
    const reason = new ConnectFailed(`cannot connect to ${socketText(to)}: ${reasonOf(cause)}`, { cause });
    options.onTraffic({ kind: "closed", reason });
    return;
  } finally {
    client.off("close", abort);
  }
  const relay = new Relay(client, server, options);
  onRelay(relay);
  await relay.closed;
}

function socketAddressOf({
  address,
  port,
}: {
  readonly address: string;
  readonly port: number;
}): SocketAddress {
  return { host: address, port };
}
