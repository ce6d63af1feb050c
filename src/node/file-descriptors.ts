/** AMP over descriptors that the process was started with: its standard streams, or what its parent has agreed on. */
import { Socket } from "node:net";
import { messageOf } from "../core/errors/to-error.ts";
import { type AttachOptions, attach } from "./attach.ts";
import { checkOptions, type NodeConnection } from "./connection.ts";

/** Where to read and where to write. The same number for both is a socket. */
export interface FileDescriptors {
  readonly readable: number;
  readonly writable: number;
}

/**
 * Opens a connection on pipes or sockets that this process has open, such as 3 and 4 in a worker of `trial -j`. They are
 * the connection's from now on, which closes them at its end.
 * @throws TypeError for a descriptor that is neither; what `attach` throws
 */
export function attachFileDescriptors(
  { readable, writable }: FileDescriptors,
  options: AttachOptions = {},
): NodeConnection {
  // Whatever can fail comes before a socket that reads: it would take bytes, and keep the process alive, for nobody.
  checkOptions(options, options.role);
  if (readable === writable) return attach(socketOf(readable, { readable: true, writable: true }), options);
  const output = socketOf(writable, { readable: false, writable: true });
  const input = socketOf(readable, { readable: true, writable: false });
  return attach({ readable: input, writable: output }, options);
}

/**
 * Opens a connection on standard input and output: for a program that is spawned to speak AMP. Nothing else may be
 * printed to standard output then; `console.error` is free.
 *
 * Not over `process.stdin` and `process.stdout`: what is written to the latter holds the program up while nobody reads.
 * @throws as {@link attachFileDescriptors} does: in a terminal, say
 */
export function attachStdio(options?: AttachOptions): NodeConnection {
  return attachFileDescriptors({ readable: 0, writable: 1 }, options);
}

function socketOf(fd: number, halves: { readonly readable: boolean; readonly writable: boolean }): Socket {
  try {
    return new Socket({ fd, ...halves, allowHalfOpen: true });
  } catch (cause) {
    throw new TypeError(
      `AMP cannot be spoken over descriptor ${fd}: a pipe or a socket is needed (${messageOf(cause)})`,
      { cause },
    );
  }
}
