/** AMP's Descriptor: an open file, handed to the peer. */

import { integer } from "../../core/arguments/integer.ts";
import { DescriptorsNotAvailable } from "../../core/errors/caller.ts";
import { messageOf } from "../../core/errors/to-error.ts";
import type { BoxArgument } from "../../core/schema/field.ts";
import { boxArgument } from "../../core/schema/spread-fields.ts";
import { NodeConnection } from "../connection.ts";
import type { DescriptorChannel } from "./descriptor-channel.ts";

const ordinal = integer();

/**
 * AMP's Descriptor (Twisted's `amp.Descriptor`): a file descriptor, over UNIX sockets, between connections opened with
 * `descriptors: true`. Not inside TLS nor while it is being started, and not in a `listOf`. Needs the package koffi, on
 * Linux.
 *
 * Who closes what: a descriptor that you send stays yours. A copy is made when the call is made, so close yours
 * whenever you like after `callRemote` has returned, or in a responder by `setImmediate`, when the answer has been
 * made. A descriptor that you receive, as an argument or in a response, is yours to close. What the peer sends and no
 * box claims is closed with the connection.
 *
 * @throws DescriptorsNotAvailable when encoding or decoding where no descriptors go
 * @throws TypeError when encoding what is not an open descriptor
 * @throws SyntaxError when decoding a number under which no descriptor came
 */
export function descriptor(): BoxArgument<number> {
  return boxArgument({
    description: { type: "Descriptor" },
    encode: () => {
      throw new DescriptorsNotAvailable("a descriptor needs a box of its own: it cannot be in a listOf");
    },
    decode: () => {
      throw new DescriptorsNotAvailable("a descriptor needs a box of its own: it cannot be in a listOf");
    },
    toBox(fd, name, box, connection) {
      if (!Number.isInteger(fd) || fd < 0)
        throw new TypeError(`a file descriptor is needed, not ${String(fd)}`);
      const channel = channelOf(connection);
      // The box would wait for TLS, and the descriptor would not: whoever is there would have it, verified or not.
      if (connection instanceof NodeConnection && connection.state === "upgrading") {
        throw new DescriptorsNotAvailable("descriptors cannot go through TLS, which is being started");
      }
      box.set(name, ordinal.encode(send(channel, fd)));
    },
    fromBox(name, box, connection) {
      const bytes = box.get(name);
      if (bytes === undefined) return undefined;
      const number = ordinal.decode(bytes);
      const fd = channelOf(connection).take(number);
      if (fd === undefined) throw new SyntaxError(`no descriptor came as number ${number}`);
      return fd;
    },
  });
}

function send(channel: DescriptorChannel, fd: number): number {
  try {
    return channel.send(fd);
  } catch (cause) {
    throw new TypeError(`${fd} cannot be sent: ${messageOf(cause)}`, { cause });
  }
}

function channelOf(connection: unknown): DescriptorChannel {
  if (!(connection instanceof NodeConnection)) {
    throw new DescriptorsNotAvailable("a descriptor can be sent and received on an open connection only");
  }
  const channel = connection.sideChannel;
  if (channel !== undefined) return channel;
  throw new DescriptorsNotAvailable(
    connection.secure
      ? "descriptors cannot go through TLS"
      : "this connection carries no descriptors: open it, over a UNIX socket, with `descriptors: true`",
  );
}
