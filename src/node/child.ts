/** AMP over the pipes of a child process. */
import type { ChildProcess } from "node:child_process";
import { Duplex, Readable, Writable } from "node:stream";
import { ConnectFailed } from "../core/errors/transport.ts";
import { checkOptionNames } from "../core/option-names.ts";
import { type Attachable, type AttachOptions, attach } from "./attach.ts";
import type { NodeConnection } from "./connection.ts";
import { ATTACH_CHILD_OPTIONS } from "./option-names.ts";

/** Options of {@link attachChild}. */
export interface AttachChildOptions extends AttachOptions {
  /** File descriptor in the child that the child reads AMP from. Default 0, its standard input. */
  readonly childReads?: number | undefined;
  /** File descriptor in the child that the child writes AMP to. Default 1, its standard output. */
  readonly childWrites?: number | undefined;
}

/**
 * Opens a connection to a child process over pipes from its `stdio`. The connection ends when the child exits. When the
 * connection ends first, it closes the pipes and does not kill the child: the child should exit at the end of its input.
 * @throws TypeError if the child has no pipe at one of the descriptors; all errors of {@link attach}
 */
export function attachChild(child: ChildProcess, options: AttachChildOptions = {}): NodeConnection {
  checkOptionNames("attachChild", options, ATTACH_CHILD_OPTIONS);
  const { childReads = 0, childWrites = 1, ...rest } = options;
  const connection = attach(pipesOf(child, childReads, childWrites), rest);
  if (child.pid === undefined) {
    // The child was not started. Node emits the reason in the next turn of the event loop.
    child.once("error", (cause) => {
      connection.destroy(new ConnectFailed(`the child was not started: ${cause.message}`, { cause }));
    });
  }
  return connection;
}

function pipesOf(child: ChildProcess, childReads: number, childWrites: number): Attachable {
  if (!Array.isArray(child?.stdio)) throw new TypeError("attachChild: a ChildProcess is needed");
  const writable = child.stdio[childReads];
  const readable = child.stdio[childWrites];
  if (childReads === childWrites && writable instanceof Duplex) return writable;
  if (!(writable instanceof Writable)) throw noPipe(childReads);
  if (!(readable instanceof Readable)) throw noPipe(childWrites);
  return { readable, writable };
}

function noPipe(fd: number): TypeError {
  return new TypeError(
    `the child has no pipe as descriptor ${fd}: spawn it with "pipe" at index ${fd} of \`stdio\``,
  );
}
