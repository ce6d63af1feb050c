/** AMP with a child process. */
import type { ChildProcess } from "node:child_process";
import { Duplex, Readable, Writable } from "node:stream";
import { ConnectFailed } from "../core/errors/transport.ts";
import { type Attachable, type AttachOptions, attach } from "./attach.ts";
import type { NodeConnection } from "./connection.ts";

/** What `attachChild` takes. */
export interface AttachChildOptions extends AttachOptions {
  /** The descriptor that the child reads AMP from. Default 0, its standard input. */
  readonly childReads?: number | undefined;
  /** The descriptor that the child writes AMP to. Default 1, its standard output. */
  readonly childWrites?: number | undefined;
}

/**
 * Opens a connection with a child, over pipes that it was spawned with. The connection ends when the child does; at its
 * own end it closes the pipes, by which the child should see that it is to go: nobody kills it.
 * @throws TypeError when the child has no such pipe; what `attach` throws
 */
export function attachChild(child: ChildProcess, options: AttachChildOptions = {}): NodeConnection {
  const { childReads = 0, childWrites = 1, ...rest } = options;
  const connection = attach(pipesOf(child, childReads, childWrites), rest);
  if (child.pid === undefined) {
    // It was not started; why not is told in the next turn.
    child.once("error", (cause) => {
      connection.destroy(new ConnectFailed(`the child was not started: ${cause.message}`, { cause }));
    });
  }
  return connection;
}

function pipesOf(child: ChildProcess, childReads: number, childWrites: number): Attachable {
  const writable = child.stdio[childReads];
  const readable = child.stdio[childWrites];
  if (childReads === childWrites && writable instanceof Duplex) return writable;
  if (!(writable instanceof Writable)) throw noPipe(childReads);
  if (!(readable instanceof Readable)) throw noPipe(childWrites);
  return { readable, writable };
}

function noPipe(fd: number): TypeError {
  return new TypeError(
    `the child has no pipe as its descriptor ${fd}: spawn it with "pipe" at that place of \`stdio\``,
  );
}
