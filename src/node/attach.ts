/** AMP over streams that are there already. */
import { Duplex, type Readable, type Writable } from "node:stream";
import { TLSSocket } from "node:tls";
import { checkByteStream } from "./byte-stream.ts";
import { CombinedDuplex } from "./combined-duplex.ts";
import { checkOptions, NodeConnection, type NodeConnectionOptions } from "./connection.ts";
import { takeSocket } from "./descriptors/adopt-socket.ts";
import type { TLSRole } from "./tls/options.ts";

/** What `attach` takes. */
export interface AttachOptions extends NodeConnectionOptions {
  /**
   * Which end we are in a TLS handshake. Needed for StartTLS, and so for `requireTLS`: a bare stream does not say who opened
   * it.
   */
  readonly role?: TLSRole | undefined;
}

/** A duplex stream, or its two halves: stdio, a child's pipes, a channel of SSH. */
export type Attachable = Duplex | { readonly readable: Readable; readonly writable: Writable };

/**
 * Opens a connection on a stream. The stream is the connection's from now on: nobody else may read or write it.
 * @throws TypeError for a stream in object mode or with an encoding set, InvalidCertificate, RangeError and TypeError for
 * options that make no sense, DescriptorsNotAvailable
 */
export function attach(stream: Attachable, options: AttachOptions = {}): NodeConnection {
  const { role, ...rest } = options;
  checkOptions(rest, role);
  const duplex = stream instanceof Duplex ? stream : joined(stream);
  if (rest.requireTLS && role === undefined && !(duplex instanceof TLSSocket)) {
    throw new TypeError(
      "requireTLS needs `role` on a stream that is no TLS yet: which end is the TLS client?",
    );
  }
  return new NodeConnection(takeSocket(duplex, rest.descriptors), role, rest);
}

function joined({
  readable,
  writable,
}: {
  readonly readable: Readable;
  readonly writable: Writable;
}): Duplex {
  checkByteStream(readable);
  checkByteStream(writable);
  return new CombinedDuplex(readable, writable);
}
