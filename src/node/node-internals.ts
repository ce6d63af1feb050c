/** What Node keeps in a socket and does not document, though it is there in every version: all of it that we touch. */
import type { Socket } from "node:net";

/** What reads and writes beneath a socket. */
interface Handle {
  readonly fd?: number;
  readStop?(): void;
  useUserBuffer?(buffer: Uint8Array): void;
}

interface Inside {
  /** Null once the socket is closed. */
  _handle?: Handle | null;
  /** By which the server that has accepted it counts. */
  _server?: object | null;
  server?: object | null;
}

export function insideOf(socket: Socket): Inside {
  return socket as unknown as Inside; // Node's types tell what it documents
}
