/** AMP over streams that are open already. */
import type { Duplex, Readable, Writable } from "node:stream";
import { TLSSocket } from "node:tls";
import { checkOptionNames } from "../core/option-names.ts";
import { checkByteStream } from "./byte-stream.ts";
import { CombinedDuplex } from "./combined-duplex.ts";
import { checkOptions, NodeConnection, type NodeConnectionOptions } from "./connection.ts";
import { adoptSocket } from "./descriptors/adopt-socket.ts";
import { ATTACH_OPTIONS } from "./option-names.ts";
import type { TLSRole } from "./tls/options.ts";

/** Options of {@link attach}. */
export interface AttachOptions extends NodeConnectionOptions {
  /**
   * Role of this end in a TLS handshake. StartTLS and `requireTLS` need it, because a plain stream does not tell which
   * end is the client.
   */
  readonly role?: TLSRole | undefined;
}

/** A duplex stream, or its two halves: for example stdio, the pipes of a child process, or an SSH channel. */
export type Attachable = Duplex | { readonly readable: Readable; readonly writable: Writable };

/** The connections that were attached, by their streams. */
const attached = new WeakMap<object, NodeConnection>();

/**
 * Opens a connection on a stream. The connection owns the stream from now on: no other code may read or write it.
 * @throws TypeError for a stream that a connection uses already, in object mode or with an encoding set, or for `requireTLS`
 *   without `role`
 * @throws InvalidCertificate, RangeError or TypeError for invalid options
 * @throws DescriptorsNotAvailable if `descriptors` is set and the stream is not a UNIX socket
 */
export function attach(stream: Attachable, options: AttachOptions = {}): NodeConnection {
  checkOptionNames("attach", options, ATTACH_OPTIONS);
  const { role, ...rest } = options;
  checkOptions(rest, role);
  const parts = partsOf(stream);
  checkNotAttached(parts);
  const duplex = isDuplex(stream) ? stream : combine(stream);
  if (rest.requireTLS && role === undefined && !(duplex instanceof TLSSocket)) {
    throw new TypeError('requireTLS on a plaintext stream needs `role`: set it to "client" or "server"');
  }
  const connection = new NodeConnection(adoptSocket(duplex, rest.descriptors), role, rest);
  for (const part of parts) attached.set(part, connection);
  return connection;
}

/** Two connections on one stream would each take the answers of the other. @throws TypeError */
function checkNotAttached(parts: readonly object[]): void {
  for (const part of parts) {
    const state = attached.get(part)?.state;
    if (state !== undefined && state !== "switched" && state !== "closed")
      throw new TypeError("attach: the stream belongs to another connection: attach it once");
  }
}

/** Returns the duplex stream, or its two halves. */
function partsOf(stream: Attachable): object[] {
  const parts = isDuplex(stream) ? [stream] : Object.values(stream ?? {});
  return parts.filter((part) => typeof part === "object" && part !== null); // a JavaScript program may pass any value
}

/** True for a duplex stream, also for one of the package `readable-stream`. */
function isDuplex(stream: Attachable): stream is Duplex {
  const { pipe, write } = (stream ?? {}) as Partial<Duplex>; // a JavaScript program may pass a value of any type
  return typeof pipe === "function" && typeof write === "function";
}

function combine(halves: { readonly readable: Readable; readonly writable: Writable }): Duplex {
  // A JavaScript program may pass a value of any type.
  const { readable, writable } = (halves ?? {}) as Partial<typeof halves>;
  // Not by class: streams of the package readable-stream work too.
  if (typeof readable?.pipe !== "function" || typeof writable?.write !== "function")
    throw new TypeError(
      "attach: a duplex stream is needed, or an object with the streams readable and writable",
    );
  checkByteStream(readable);
  checkByteStream(writable);
  return new CombinedDuplex(readable, writable);
}
