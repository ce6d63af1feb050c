/** Replacement of a Node socket by a stream that carries file descriptors. */
import { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { DescriptorsNotAvailable } from "../../core/errors/caller.ts";
import { socketInternals } from "../node-internals.ts";
import { DescriptorStream } from "./descriptor-stream.ts";
import { libc } from "./libc.ts";

/** Limits for received file descriptors. */
export interface DescriptorOptions {
  /** Maximum number of received descriptors that no box has claimed yet. More close the connection. Default 256. */
  readonly maxWaiting?: number | undefined;
}

const DEFAULT_MAX_WAITING = 256;

/**
 * Checks the option `descriptors` before a socket is opened.
 * @throws DescriptorsNotAvailable if `path` is undefined, or koffi or Linux is missing
 * @throws RangeError for an invalid limit
 */
export function checkDescriptors(
  wanted: boolean | DescriptorOptions | undefined,
  path: string | undefined,
): void {
  if (!wanted) return;
  maxWaiting(wanted);
  if (path === undefined) throw new DescriptorsNotAvailable("descriptors need a UNIX socket: set `path`");
  libc();
}

/**
 * Replaces the socket by a stream that carries descriptors, if `wanted`, and closes Node's socket, also on failure. Data
 * must not have been read from the socket before: descriptors that came with the data would be lost.
 * @throws DescriptorsNotAvailable if the stream is not a UNIX socket
 * @throws TypeError if the socket has unsent data
 * @throws Error if the process has no file descriptor left
 */
export function adoptSocket(stream: Duplex, wanted: boolean | DescriptorOptions | undefined): Duplex {
  if (!wanted) return stream;
  const limit = maxWaiting(wanted);
  stream.on("error", () => {}); // an `error` event without a listener would end the process
  try {
    const adopted = new DescriptorStream(duplicateOf(stream), limit);
    const read: Buffer | null = stream.read();
    if (read !== null) adopted.unshift(read);
    return adopted;
  } finally {
    stream.destroy();
  }
}

/** @throws DescriptorsNotAvailable, TypeError, Error */
function duplicateOf(stream: Duplex): number {
  const system = libc();
  const handle = stream instanceof Socket ? socketInternals(stream)._handle : undefined;
  const fd = handle?.fd;
  if (fd === undefined || fd < 0 || !system.isUnixSocket(fd)) {
    throw new DescriptorsNotAvailable("descriptors need a UNIX socket; this stream is not a UNIX socket");
  }
  if (stream.writableLength > 0)
    throw new TypeError("the socket has unsent data; attach it before you write to it");
  handle?.readStop?.();
  return system.duplicate(fd);
}

/** @throws RangeError */
function maxWaiting(wanted: true | DescriptorOptions): number {
  const { maxWaiting: limit = DEFAULT_MAX_WAITING } = wanted === true ? {} : wanted;
  if (!(limit >= 0))
    throw new RangeError(`descriptors: maxWaiting must be a number of at least 0, not ${String(limit)}`);
  return limit;
}
