/** Addresses of an attached WebSocket: it does not know them, but the HTTP request of its upgrade does. */
import { localAddressOf, remoteAddressOf, type SocketEnds } from "../core/carriers/socket-ends.ts";
import type { Address, SocketAddress } from "../core/transport.ts";

/** The part of an HTTP request that is used: the `IncomingMessage` of Node, which `ws` passes with the event `connection`. */
export interface UpgradeRequest {
  readonly socket: SocketEnds;
}

/** Options about the addresses of an attached WebSocket. */
export interface AddressOptions {
  /** HTTP request of the WebSocket, from which `connection.remoteAddress` and `localAddress` are read. Default: none. */
  readonly request?: UpgradeRequest | undefined;
  /**
   * Address of the peer, for example that which a proxy has added to the request. It replaces the address of `request`, which is
   * then that of the proxy.
   */
  readonly remoteAddress?: Address | undefined;
}

/** Names of the {@link AddressOptions}. */
export const ADDRESS_OPTIONS = ["request", "remoteAddress"] as const;

/** @throws TypeError for a value that is not a request, or not an address */
export function addressesOf({ request, remoteAddress }: AddressOptions): {
  readonly remoteAddress: Address | undefined;
  readonly localAddress: Address | undefined;
} {
  if (request !== undefined && typeof request.socket !== "object")
    throw new TypeError("attach: the option request must be the HTTP request of the WebSocket");
  if (remoteAddress !== undefined && typeof remoteAddress !== "string" && !isIP(remoteAddress))
    throw new TypeError("attach: remoteAddress must be { address, port, family }, or a path");
  const { socket } = request ?? { socket: {} };
  return {
    remoteAddress: remoteAddress ?? remoteAddressOf(socket),
    localAddress: localAddressOf(socket),
  };
}

/** A JavaScript program may pass any object. */
function isIP({ address, port }: SocketAddress): boolean {
  return typeof address === "string" && typeof port === "number";
}
