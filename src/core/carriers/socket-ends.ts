/** The addresses of the two ends of a TCP socket, as the sockets of Node have them. */
import type { Address } from "../transport.ts";

/** The part of a socket of Node that is used. The core compiles without the types of Node. */
export interface SocketEnds {
  readonly remoteAddress?: string | undefined;
  readonly remotePort?: number | undefined;
  readonly remoteFamily?: string | undefined;
  readonly localAddress?: string | undefined;
  readonly localPort?: number | undefined;
  readonly localFamily?: string | undefined;
}

/** Returns the address of the peer of a TCP socket; undefined for other sockets. */
export function remoteAddressOf({
  remoteAddress,
  remotePort,
  remoteFamily,
}: SocketEnds): Address | undefined {
  return addressOf(remoteAddress, remotePort, remoteFamily);
}

/** Returns the address of this end of a TCP socket; undefined for other sockets, and for a closed one. */
export function localAddressOf({ localAddress, localPort, localFamily }: SocketEnds): Address | undefined {
  return addressOf(localAddress, localPort, localFamily);
}

function addressOf(address?: string, port?: number, family?: string): Address | undefined {
  if (address === undefined || port === undefined) return undefined;
  return { address, port, family: family === "IPv6" ? "IPv6" : "IPv4" };
}
