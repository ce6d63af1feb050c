/** A connection over a Node stream: the core's connection with Node's certificates. */

import type { Duplex } from "node:stream";
import { type InspectOptionsStylized, inspect } from "node:util";
import type { Command } from "../core/command/command.ts";
import type { CallOptions } from "../core/command/types.ts";
import { ALL_FEATURES, Connection } from "../core/complete-connection.ts";
import { kernelOf } from "../core/connection/connection.ts";
import { type ConnectionOptions, checkConnectionOptions } from "../core/connection/options.ts";
import {
  ProtocolSwitchCommand,
  type SwitchFields,
  type SwitchSpec,
} from "../core/features/protocol-change/protocol-switch.ts";
import { checkNotNegative } from "../core/number-option.ts";
import { checkOptionTypes } from "../core/option-types.ts";
import type { Fields, InputOf } from "../core/schema/argument.ts";
import type { SharedBudgets } from "../core/serving/shared-budget.ts";
import type { Clock } from "../core/transport.ts";
import type { Certificate } from "./certificates/certificate.ts";
import type { PrivateCertificate } from "./certificates/private-certificate.ts";
import { ConnectionClock } from "./clock.ts";
import type { DescriptorOptions } from "./descriptors/adopt-socket.ts";
import type { DescriptorChannel } from "./descriptors/descriptor-channel.ts";
import { DescriptorStream } from "./descriptors/descriptor-stream.ts";
import { type PeerCredentials, peerCredentialsOf } from "./descriptors/peer-credentials.ts";
import { diagnostics } from "./diagnostics.ts";
import { giveFastPaths } from "./fast-paths.ts";
import type { ReceivedProxyHeader } from "./proxy-protocol/header.ts";
import { type KnownAddresses, StreamTransport } from "./stream-transport.ts";
import type { TLSOptions, TLSProvider, TLSRole } from "./tls/options.ts";
import { DEFAULT_HANDSHAKE_DELAY } from "./tls/start-tls.ts";
import type { Upgraded } from "./tls/upgraded.ts";
import { checkTLSOptions } from "./tls/validate-options.ts";

/** Options of every connection that `connect`, `listen` and `attach` of `ampwire/node` open. */
export interface NodeConnectionOptions extends Omit<ConnectionOptions, "tls"> {
  /**
   * Certificates and verification for StartTLS. Options given to `startTLS()` or returned by a responder take precedence.
   *
   * A StartTLS call of the peer is accepted with these options, as in Twisted, unless the locator has a responder for
   * StartTLS. With `false` the connection does not accept StartTLS from the peer; with `requireTLS` it then answers with
   * TLSNotAvailable. This end can still start TLS itself. Default `{}`.
   *
   * A function is called for every handshake, and may return a promise. The contexts for OpenSSL are cached by the certificates
   * that it returns, so it should return the same objects until they change.
   */
  readonly tls?: TLSOptions | TLSProvider | false | undefined;
  /**
   * Milliseconds between the answer to a StartTLS call and the ClientHello, if the peer made the call and this end is the
   * TLS client. Twisted needs the pause. Default 20.
   */
  readonly handshakeDelay?: number | undefined;
  /**
   * Send and receive file descriptors, see {@link descriptor}. Requires a UNIX socket, 64-bit Linux and the package koffi.
   * Reads and writes are a little slower than with Node's own sockets. Default false.
   */
  readonly descriptors?: boolean | DescriptorOptions | undefined;
  /**
   * False: read and write all boxes with loops. By default, JavaScript code is generated for kinds of boxes that are frequent on
   * the connections of the process, as `new Function` does; it makes them two to three times as fast. Without effect if the
   * process forbids such code (`--disallow-code-generation-from-strings`): then the loops run. Default true.
   */
  readonly generateCode?: boolean | undefined;
  /** Source of time, for tests. Default: Node's clock. */
  readonly clock?: Clock | undefined;
}

/**
 * Checks options before a socket or stream is opened.
 * @param role role of this end in TLS; undefined if unknown, and then `tls` is not checked
 * @throws InvalidCertificate, RangeError or TypeError for invalid options, InvalidSignature for an invalid locator
 */
export function checkOptions(options: NodeConnectionOptions, role: TLSRole | undefined): void {
  const { tls } = options;
  checkConnectionOptions(options, ALL_FEATURES);
  checkNotNegative({ handshakeDelay: options.handshakeDelay });
  checkOptionTypes("connection", options, { generateCode: "boolean" });
  if (tls && typeof tls !== "function" && role !== undefined) checkTLSOptions(tls, role);
}

/** Where a connection comes from: its server, and addresses that Node does not know. */
export interface ConnectionOrigin {
  readonly budgets?: SharedBudgets | undefined;
  readonly addresses?: KnownAddresses | undefined;
  /** Result of the handshake, if the stream uses TLS from its first byte. */
  readonly upgraded?: Upgraded | undefined;
}

/** A connection over a Node stream. `connect`, `listen` and `attach` create it. */
export class NodeConnection extends Connection {
  readonly #transport: StreamTransport;
  readonly #descriptors: DescriptorChannel | undefined;

  /** @throws TypeError for a stream in object mode or with an encoding set, RangeError for an invalid limit */
  constructor(
    stream: Duplex,
    role: TLSRole | undefined,
    options: NodeConnectionOptions,
    { budgets, addresses, upgraded }: ConnectionOrigin = {},
  ) {
    const {
      handshakeDelay = DEFAULT_HANDSHAKE_DELAY,
      clock = new ConnectionClock(),
      observer = diagnostics,
      generateCode = true,
      ...rest
    } = options;
    const transport = new StreamTransport(stream, { role, handshakeDelay, addresses, upgraded });
    // `observer` first: an object literal that begins with a spread takes more memory in V8.
    super(transport, clock, { observer, ...rest }, budgets);
    giveFastPaths(kernelOf(this), generateCode);
    this.#transport = transport;
    this.#descriptors = stream instanceof DescriptorStream ? stream.descriptors : undefined;
  }

  /** File descriptors that are sent with the boxes; undefined inside TLS, or without the option `descriptors`. */
  get sideChannel(): DescriptorChannel | undefined {
    return this.secure ? undefined : this.#descriptors;
  }

  /**
   * The process at the other end of a UNIX socket, as the system knows it since the connection was opened. Undefined for other
   * streams, for a closed connection, and without 64-bit Linux or the package koffi.
   */
  get peerCredentials(): PeerCredentials | undefined {
    return peerCredentialsOf(this.#transport.rawStream);
  }

  /**
   * The PROXY header with which a balancer began the connection, if the server has the option `proxyProtocol`.
   * `remoteAddress` and `localAddress` are those of the header. Nothing else in it is trusted: `secure` and `tls` are those of
   * this connection.
   */
  get proxy(): ReceivedProxyHeader | undefined {
    return this.#transport.proxy;
  }

  /** Keeps the process running as long as the connection is open: the default. Returns the connection. */
  ref(): this {
    this.#setRef(true);
    return this;
  }

  /** Lets the process exit while the connection is open, as `unref()` of Node's sockets does. Returns the connection. */
  unref(): this {
    this.#setRef(false);
    return this;
  }

  /** Shows what identifies the connection and its state in `console.log`. */
  [inspect.custom](_depth: number, options: InspectOptionsStylized): string {
    const { id, state, remoteAddress, secure, reason } = this;
    return `NodeConnection ${inspect({ id, state, remoteAddress, secure, ...(reason && { reason }) }, options)}`;
  }

  #setRef(refs: boolean): void {
    this.#transport.setRef(refs);
    const { clock } = kernelOf(this);
    if (clock instanceof ConnectionClock) clock.setRef(refs);
  }

  // The casts are safe: the StreamTransport above creates its sessions with these classes.

  override get peerCertificate(): Certificate | undefined {
    return super.peerCertificate as Certificate | undefined;
  }

  override get hostCertificate(): PrivateCertificate | undefined {
    return super.hostCertificate as PrivateCertificate | undefined;
  }

  /**
   * Asks the peer to switch to another protocol, and resolves with the stream. The stream is paused until it is piped,
   * iterated over or resumed. It begins with the bytes that arrived after the last box.
   *
   * If the peer refuses, the promise rejects with the peer's error and the connection continues with AMP.
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
    if (stream === undefined) throw new Error("the protocol switch succeeded without a stream");
    return stream;
  }
}

/** Defines a command that switches a Node connection to another protocol. */
export function protocolSwitch<const A extends Fields = {}>(
  name: string,
  spec: SwitchSpec<A> = {},
): ProtocolSwitchCommand<A, Duplex> {
  return new ProtocolSwitchCommand(name, spec);
}
