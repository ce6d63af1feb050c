/**
 * The undocumented properties of Node's sockets that the library uses. Every supported version of Node has them. No other
 * file accesses undocumented properties of sockets.
 */
import type { Socket } from "node:net";

/** The native handle that reads and writes for a socket. */
interface Handle {
  readonly fd?: number;
  readStop?(): void;
  useUserBuffer?(buffer: Uint8Array): void;
}

interface SocketInternals {
  /** Null once the socket is closed. */
  _handle?: Handle | null;
  /** The server that accepted the socket; Node counts its connections by these two properties. */
  _server?: object | null;
  server?: object | null;
}

export function socketInternals(socket: Socket): SocketInternals {
  return socket as unknown as SocketInternals; // Node's types cover documented properties only
}
