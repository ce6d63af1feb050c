/** A connection over a stream of Node: the core's, with Node's certificates. */

import type { Duplex } from "node:stream";
import type { Command } from "../core/command/command.ts";
import type { CallOptions } from "../core/command/types.ts";
import { ALL_FEATURES, Connection } from "../core/complete-connection.ts";
import { type ConnectionOptions, checkConnectionOptions } from "../core/connection/options.ts";
import {
  ProtocolSwitchCommand,
  type SwitchFields,
  type SwitchSpec,
} from "../core/features/protocol-change/protocol-switch.ts";
import type { Fields, InputOf } from "../core/schema/argument.ts";
import type { Clock } from "../core/transport.ts";
import type { Certificate } from "./certificates/certificate.ts";
import type { PrivateCertificate } from "./certificates/private-certificate.ts";
import { systemClock } from "./clock.ts";
import type { DescriptorOptions } from "./descriptors/adopt-socket.ts";
import type { DescriptorChannel } from "./descriptors/descriptor-channel.ts";
import { DescriptorStream } from "./descriptors/descriptor-stream.ts";
import { diagnostics } from "./diagnostics.ts";
import { DEFAULT_HANDSHAKE_DELAY, StreamTransport } from "./stream-transport.ts";
import type { TLSOptions, TLSRole } from "./tls/options.ts";
import { checkTLSOptions } from "./tls/validate-options.ts";

/** What `connect`, `listen` and `attach` of `ampwire/node` take beside an address. */
export interface NodeConnectionOptions extends Omit<ConnectionOptions, "tls"> {
  /**
   * What our side presents and demands on StartTLS, where the call or the responder does not say. Unless the
   * locator has a responder of its own, a StartTLS of the peer is answered with this, as Twisted answers it; with
   * `false` it is not, and TLS comes only when we start it: where it is required, the peer is told so.
   */
  readonly tls?: TLSOptions | false | undefined;
  /**
   * Milliseconds to wait, where the peer asked for TLS and we are the TLS client, between our answer and our first
   * TLS byte: Twisted needs it. Default 20.
   */
  readonly handshakeDelay?: number | undefined;
  /**
   * Send and receive file descriptors, see {@link descriptor}: over UNIX sockets, on Linux, with the package koffi. The
   * connection then reads and writes by itself, a little slower than Node does. Default false.
   */
  readonly descriptors?: boolean | DescriptorOptions | undefined;
  /** Where time comes from: for tests. Default: Node's. */
  readonly clock?: Clock | undefined;
}

/**
 * Finds what is wrong with options before anything is opened for them.
 * @param role undefined where it is not known: then nothing is said about TLS
 * @throws InvalidCertificate, InvalidSignature for what is no locator, RangeError, TypeError
 */
export function checkOptions(options: NodeConnectionOptions, role: TLSRole | undefined): void {
  const { tls } = options;
  checkConnectionOptions(options, ALL_FEATURES);
  if (tls && role !== undefined) checkTLSOptions(tls, role);
}

/** A connection over a stream of Node. `connect`, `listen` and `attach` make it. */
export class NodeConnection extends Connection {
  readonly #descriptors: DescriptorChannel | undefined;

  /** @throws TypeError for a stream that does not carry bytes, RangeError for a limit that makes no sense */
  constructor(stream: Duplex, role: TLSRole | undefined, options: NodeConnectionOptions) {
    const {
      handshakeDelay = DEFAULT_HANDSHAKE_DELAY,
      clock = systemClock,
      observer = diagnostics,
      ...rest
    } = options;
    const transport = new StreamTransport(stream, { role, handshakeDelay });
    // `observer` first: an object literal that begins with a spread takes more memory in V8.
    super(transport, clock, { observer, ...rest });
    this.#descriptors = stream instanceof DescriptorStream ? stream.descriptors : undefined;
  }

  /** For the descriptors that go beside the boxes, where they do. */
  get sideChannel(): DescriptorChannel | undefined {
    return this.secure ? undefined : this.#descriptors;
  }

  // The transport that this class chooses makes its sessions with these classes.

  override get peerCertificate(): Certificate | undefined {
    return super.peerCertificate as Certificate | undefined;
  }

  override get hostCertificate(): PrivateCertificate | undefined {
    return super.hostCertificate as PrivateCertificate | undefined;
  }

  /**
   * Asks the peer to switch to another protocol. Resolves with the stream, paused, in which whatever came behind the
   * last box is to be read first: it flows when it is piped, iterated over or resumed.
   * Rejects with what the peer answers; then AMP goes on.
   */
  async switchProtocol<A extends Fields>(
    command: Command<A, SwitchFields<Duplex>, true>,
    args: Omit<InputOf<A>, "protocol">,
    options: CallOptions = {},
  ): Promise<Duplex> {
    let stream: Duplex | undefined;
    const protocol = (given: Duplex) => {
      stream = given;
    };
    await this.call(command, { ...args, protocol }, options);
    if (stream === undefined) throw new Error("a switch that was made has handed over a stream");
    return stream;
  }
}

/** Defines a command that switches a connection of Node to another protocol. */
export function protocolSwitch<const A extends Fields = {}>(
  name: string,
  spec: SwitchSpec<A> = {},
): ProtocolSwitchCommand<A, Duplex> {
  return new ProtocolSwitchCommand(name, spec);
}
