/** AMP over file descriptors that the process inherited: its standard streams, or others that its parent chose. */
import { Socket } from "node:net";
import { messageOf } from "../core/errors/to-error.ts";
import { checkOptionNames } from "../core/option-names.ts";
import { type AttachOptions, attach } from "./attach.ts";
import { checkOptions, type NodeConnection } from "./connection.ts";
import { ATTACH_OPTIONS } from "./option-names.ts";

/** File descriptors to read from and to write to. The same number for both means one socket. */
export interface FileDescriptors {
  readonly readable: number;
  readonly writable: number;
}

/**
 * Opens a connection on pipes or sockets that this process has open, such as 3 and 4 in a worker of `trial -j`. The
 * connection owns the descriptors from now on, and closes them when it ends.
 * @throws TypeError for a descriptor that is neither a pipe nor a socket; all errors of {@link attach}
 */
export function attachFileDescriptors(
  { readable, writable }: FileDescriptors,
  options: AttachOptions = {},
): NodeConnection {
  // All checks run before a socket reads. After a failed check, that socket would consume bytes and keep the process alive.
  checkOptionNames("attachFileDescriptors", options, ATTACH_OPTIONS);
  checkOptions(options, options.role);
  if (readable === writable) return attach(socketOf(readable, { readable: true, writable: true }), options);
  const output = socketOf(writable, { readable: false, writable: true });
  const input = socketOf(readable, { readable: true, writable: false });
  return attach({ readable: input, writable: output }, options);
}

/**
 * Opens a connection on standard input and output, for a program that its parent spawns to speak AMP. The program must
 * not print anything else to standard output; `console.error` is allowed.
 *
 * It does not use `process.stdin` and `process.stdout`: a write to `process.stdout` blocks the program until the peer reads.
 * @throws all errors of {@link attachFileDescriptors}, for example TypeError in a terminal
 */
export function attachStdio(options?: AttachOptions): NodeConnection {
  return attachFileDescriptors({ readable: 0, writable: 1 }, options);
}

function socketOf(fd: number, halves: { readonly readable: boolean; readonly writable: boolean }): Socket {
  try {
    return new Socket({ fd, ...halves, allowHalfOpen: true });
  } catch (cause) {
    throw new TypeError(
      `file descriptor ${fd} cannot carry AMP: a pipe or a socket is required (${messageOf(cause)})`,
      { cause },
    );
  }
}
