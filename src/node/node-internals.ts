/**
 * The undocumented properties of Node's sockets that the library uses. Every supported version of Node has them. No other
 * file accesses undocumented properties of sockets.
 */
import { Socket } from "node:net";
import type { Writable } from "node:stream";
import type { TLSSocket } from "node:tls";

/** The native handle that reads and writes for a socket. */
interface Handle {
  readonly fd?: number;
  /** Bytes of all writes that have begun. */
  readonly bytesWritten?: number;
  /** Bytes of the current write that the system has not taken. */
  readonly writeQueueSize?: number;
  /** The handle of the socket below TLS. */
  readonly _parent?: Handle;
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

/**
 * Returns the bytes that the system has taken from a socket since it was opened, encrypted ones inside TLS. In contrast to
 * `writableLength` the number also grows inside one large write. Undefined for other streams.
 */
export function takenBytes(stream: Writable): number | undefined {
  const handle = stream instanceof Socket ? socketInternals(stream)._handle : undefined;
  const { bytesWritten, writeQueueSize }: Handle = handle?._parent ?? handle ?? {};
  return bytesWritten === undefined || writeQueueSize === undefined
    ? undefined
    : bytesWritten - writeQueueSize;
}

/**
 * Returns true if the system has taken all that a TLS socket has encrypted. Node reports it only in a later phase of the event
 * loop. False if it is unknown.
 */
export function tookEncrypted(stream: TLSSocket): boolean {
  return socketInternals(stream)._handle?._parent?.writeQueueSize === 0;
}

export function socketInternals(socket: Socket): SocketInternals {
  return socket as unknown as SocketInternals; // Node's types cover documented properties only
}
