/**
 * Writes inside TLS. Node encrypts a chunk at once, but reports the write as done only after it has read all that has arrived.
 * This costs otherwise 10 % of a call: the bytes could not be reused, and the connection would have unsent bytes in each turn.
 *
 * Node also delivers each record by itself. Boxes that arrive in two records would be answered by two writes, and so by two
 * records again: two such groups of calls stay apart, and cost twice as many writes as one. So after a write that had to wait
 * for another one, the next one is joined: it waits until everything that has arrived is read.
 */
import type { TLSSocket } from "node:tls";
import { tookEncrypted } from "../node-internals.ts";
import { setImmediate } from "../real-timers.ts";

/** Maximum size of a TLS record, in bytes. */
const RECORD_BYTES = 16 * 1024;

/**
 * Writes chunks to a TLS socket.
 * @param isJoined true if the write waits for others of the same turn; only for a socket without unsent bytes
 * @param onWritten called when Node reports a chunk as written
 * @returns true if the system has taken everything, although Node still counts it as not written
 */
export function writeTLS(
  stream: TLSSocket,
  chunks: readonly Uint8Array[],
  isJoined: boolean,
  onWritten: () => void,
): boolean {
  const isFirst = stream.writableLength === 0;
  if (isJoined) {
    stream.cork();
    setImmediate(() => stream.uncork());
  }
  if (chunks.length > 1) stream.cork();
  for (const chunk of chunks) stream.write(chunk, onWritten);
  if (chunks.length > 1) stream.uncork();
  const length = stream.writableLength;
  if (length > RECORD_BYTES) stream.uncork(); // a large value is not delayed, and not joined with others into one copy
  return isFirst && !isJoined && length <= RECORD_BYTES && tookEncrypted(stream);
}
