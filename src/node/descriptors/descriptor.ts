/** AMP's argument type Descriptor: an open file that is passed to the peer. */

import { integer } from "../../core/arguments/integer.ts";
import { DescriptorsNotAvailable } from "../../core/errors/caller.ts";
import { messageOf } from "../../core/errors/to-error.ts";
import type { BoxArgument } from "../../core/schema/field.ts";
import { boxArgument } from "../../core/schema/spread-fields.ts";
import type { NodeConnection } from "../connection.ts";
import type { DescriptorChannel } from "./descriptor-channel.ts";

const ordinal = integer();

/**
 * Argument type for a file descriptor (Twisted's `amp.Descriptor`). It works over UNIX sockets between connections opened
 * with `descriptors: true`, on 64-bit Linux with the package koffi. It does not work inside TLS, during an upgrade to TLS,
 * or in a `listOf`.
 *
 * Ownership: the library copies a descriptor that you send, and you still own yours. Close it at any time after
 * `callRemote` has returned; in a responder, close it in `setImmediate`, after the answer has been encoded. You own a
 * descriptor that you receive as an argument or in a response, and must close it. The connection closes received
 * descriptors that no box has claimed when it ends.
 *
 * @throws DescriptorsNotAvailable when encoding or decoding on a connection that carries no descriptors
 * @throws TypeError when encoding a value that is not an open descriptor
 * @throws SyntaxError when decoding a number that no received descriptor has
 */
export function descriptor(): BoxArgument<number> {
  return boxArgument({
    description: { type: "Descriptor" },
    encode: () => {
      throw new DescriptorsNotAvailable(
        "a descriptor cannot be in a listOf; use it as an argument of a command",
      );
    },
    decode: () => {
      throw new DescriptorsNotAvailable(
        "a descriptor cannot be in a listOf; use it as an argument of a command",
      );
    },
    toBox(fd, name, box, connection) {
      if (!Number.isInteger(fd) || fd < 0)
        throw new TypeError(`a file descriptor must be an integer of at least 0, not ${String(fd)}`);
      const channel = channelOf(connection);
      // The box would wait for TLS but the descriptor would not, so an unverified peer would receive it.
      if (isNodeConnection(connection) && connection.state === "upgrading") {
        throw new DescriptorsNotAvailable(
          "descriptors cannot be sent while the connection is upgraded to TLS",
        );
      }
      box.set(name, ordinal.encode(send(channel, fd)));
    },
    fromBox(name, box, connection) {
      const bytes = box.get(name);
      if (bytes === undefined) return undefined;
      const number = ordinal.decode(bytes);
      const fd = channelOf(connection).take(number);
      if (fd === undefined) throw new SyntaxError(`no descriptor with the number ${number} was received`);
      return fd;
    },
  });
}

function send(channel: DescriptorChannel, fd: number): number {
  try {
    return channel.send(fd);
  } catch (cause) {
    throw new TypeError(`the file descriptor ${fd} cannot be sent: ${messageOf(cause)}`, { cause });
  }
}

/** True for a connection of `ampwire/node`, also for one of another copy of the package. */
function isNodeConnection(connection: unknown): connection is NodeConnection {
  return typeof connection === "object" && connection !== null && "sideChannel" in connection;
}

function channelOf(connection: unknown): DescriptorChannel {
  if (!isNodeConnection(connection)) {
    throw new DescriptorsNotAvailable(
      "descriptors can be sent and received only on a connection of ampwire/node",
    );
  }
  const channel = connection.sideChannel;
  if (channel !== undefined) return channel;
  throw new DescriptorsNotAvailable(
    connection.secure
      ? "descriptors cannot be sent through TLS"
      : "this connection carries no descriptors: open it over a UNIX socket with `descriptors: true`",
  );
}
