/** Turns a socket of Node into one that carries descriptors. */
import { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { DescriptorsNotAvailable } from "../../core/errors/caller.ts";
import { socketInternals } from "../node-internals.ts";
import { DescriptorStream } from "./descriptor-stream.ts";
import { libc } from "./libc.ts";

/** How a connection receives descriptors. */
export interface DescriptorOptions {
  /** Descriptors received and not claimed by a box yet: more end the connection. Default 256. */
  readonly maxWaiting?: number | undefined;
}

const DEFAULT_MAX_WAITING = 256;

/**
 * Where descriptors are wanted: looks whether they can be had, before anything is opened.
 * @throws DescriptorsNotAvailable, RangeError
 */
export function checkDescriptors(
  wanted: boolean | DescriptorOptions | undefined,
  path: string | undefined,
): void {
  if (!wanted) return;
  maxWaiting(wanted);
  if (path === undefined)
    throw new DescriptorsNotAvailable("descriptors go over UNIX sockets only: give a `path`");
  libc();
}

/**
 * The same socket as a stream of ours, if descriptors are wanted. Node's is then closed, also when this fails; it must
 * not have been read from before, or descriptors that came already are lost.
 * @throws DescriptorsNotAvailable when it is no UNIX socket, Error when the process has no descriptor left
 */
export function adoptSocket(stream: Duplex, wanted: boolean | DescriptorOptions | undefined): Duplex {
  if (!wanted) return stream;
  const most = maxWaiting(wanted);
  stream.on("error", () => {}); // it is nobody's any more
  try {
    const taken = new DescriptorStream(duplicateOf(stream), most);
    const read: Buffer | null = stream.read();
    if (read !== null) taken.unshift(read);
    return taken;
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
    throw new DescriptorsNotAvailable("descriptors go over UNIX sockets only, and this stream is none");
  }
  if (stream.writableLength > 0) throw new TypeError("the socket has not written everything yet");
  handle?.readStop?.();
  return system.duplicate(fd);
}

/** @throws RangeError */
function maxWaiting(wanted: true | DescriptorOptions): number {
  const { maxWaiting: most = DEFAULT_MAX_WAITING } = wanted === true ? {} : wanted;
  if (!(most >= 0))
    throw new RangeError(`descriptors: maxWaiting must be a number from 0 up, not ${String(most)}`);
  return most;
}
