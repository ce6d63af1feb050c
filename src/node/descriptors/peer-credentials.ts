/** The process at the other end of a UNIX socket. */
import { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { socketInternals } from "../node-internals.ts";
import { DescriptorStream } from "./descriptor-stream.ts";
import { type Libc, libc } from "./libc.ts";

export interface PeerCredentials {
  /** User ID of the process that connected or listened. */
  readonly uid: number;
  /** Group ID. */
  readonly gid: number;
  /** Process ID. */
  readonly pid: number;
}

/** Returns undefined if the stream is not an open UNIX socket, or the system or koffi is missing. */
export function peerCredentialsOf(stream: Duplex): PeerCredentials | undefined {
  const fd = fdOf(stream);
  if (fd === undefined || fd < 0) return undefined;
  let system: Libc;
  try {
    system = libc();
  } catch {
    return undefined; // no 64-bit Linux, or no koffi
  }
  return system.isUnixSocket(fd) ? system.peerCredentials(fd) : undefined;
}

function fdOf(stream: Duplex): number | undefined {
  if (stream.destroyed) return undefined;
  if (stream instanceof DescriptorStream) return stream.fd;
  return stream instanceof Socket ? socketInternals(stream)._handle?.fd : undefined;
}
