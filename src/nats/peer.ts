/** The caller of an ask, as the responder of a worker sees it. */
import { TypedCalls } from "../core/calls/typed-calls.ts";
import type {
  AmpConnection,
  AnyCommand,
  Caller,
  CallOptions,
  CloseOptions,
  CommandType,
} from "../core/command/types.ts";
import { InvalidSignature, TLSNotAvailable } from "../core/errors/caller.ts";
import type { Fields } from "../core/schema/argument.ts";
import type { Values } from "../core/schema/field.ts";
import { limitTime } from "../core/time-limit.ts";
import type { Address, CertificateLike, Clock, TLSSession } from "../core/transport.ts";
import type { Box } from "../core/wire/box.ts";
import { shownValue } from "../core/wire/value-text.ts";
import { addressOf, identityOf, sessionOf } from "./client-facts.ts";
import type { ControlArguments, ControlName } from "./edge-control.ts";
import type { NatsMessage } from "./nats-connection.ts";
import { checkClose, DISPOSE_TIMEOUT_MS } from "./options.ts";

/**
 * The connection that responders of a worker get. For a client of an edge it has the facts that the edge has found, at the time
 * of the ask, and calls go to the client over its edge. For a program on NATS it has none.
 */
export interface NatsPeer extends AmpConnection {
  /** Address of the client for `clientAt`, valid anywhere while the client is connected. Undefined for a program on NATS. */
  readonly address: string | undefined;
  /** Result of `identify` of the edge. Undefined for a program on NATS, and if the edge has no `identify`. */
  readonly identity: Readonly<Record<string, unknown>> | undefined;
  /** Lets the client receive the commands of a topic, until it leaves or disconnects. @throws NoResponders if it has gone */
  join(topic: string): Promise<void>;
  /** Ends the effect of {@link join}. */
  leave(topic: string): Promise<void>;
}

/**
 * Returns the connection of a responder's context with the type that it has in a worker.
 * @throws InvalidSignature for a connection that is not of a worker of `serve`
 */
export function natsPeer(connection: AmpConnection): NatsPeer {
  // Not by class: another copy of the package may run the worker.
  if (isNatsPeer(connection)) return connection;
  throw new InvalidSignature(
    `natsPeer needs context.connection of a responder that serve() runs, not ${shownValue(connection)}`,
  );
}

function isNatsPeer(connection: Partial<NatsPeer> | undefined): connection is NatsPeer {
  return typeof connection?.join === "function" && typeof connection.leave === "function";
}

/** The worker, as its peers see it. */
export interface PeerServices {
  readonly id: string;
  /** True if the connection to NATS is encrypted. */
  readonly encrypted: boolean;
  readonly addressPrefix: string;
  clientAt(client: string): Caller;
  /** Asks the client's edge to do something with the connection. */
  control(client: string, command: ControlName, values?: ControlArguments): Promise<void>;
  readonly clock: Clock;
  /** Reports an error that no caller receives. */
  report(error: unknown, command: string | undefined): void;
  /** Promise of the reason why the client is not connected any more. */
  goneOf(client: string | undefined): Promise<Error>;
}

export class RemotePeer extends TypedCalls implements NatsPeer {
  readonly #services: PeerServices;
  readonly #client: string | undefined;
  readonly #message: NatsMessage | undefined;
  #session: { readonly tls: TLSSession | undefined } | undefined;
  #caller: Caller | undefined;
  #closed: Promise<Error> | undefined;

  /**
   * @param client `EDGE.ID`; undefined for a program on NATS
   * @param message the ask, with the headers of the edge
   */
  constructor(services: PeerServices, client: string | undefined, message: NatsMessage | undefined) {
    super();
    this.#services = services;
    this.#client = client;
    this.#message = message;
  }

  get address(): string | undefined {
    return this.#client === undefined ? undefined : `${this.#services.addressPrefix}.${this.#client}`;
  }

  get identity(): Readonly<Record<string, unknown>> | undefined {
    return this.#message && identityOf(this.#message);
  }

  get tls(): TLSSession | undefined {
    this.#session ??= { tls: this.#message && sessionOf(this.#message) };
    return this.#session.tls;
  }

  /** For a client: whether it is inside TLS at its edge. For a program: whether the worker's NATS connection is encrypted. */
  get secure(): boolean {
    return this.#message === undefined ? this.#services.encrypted : this.tls !== undefined;
  }

  get peerCertificate(): CertificateLike | undefined {
    return this.tls?.peerCertificate;
  }

  get hostCertificate(): undefined {
    return undefined;
  }

  get remoteAddress(): Address | undefined {
    return this.#message && addressOf(this.#message);
  }

  get localAddress(): undefined {
    return undefined;
  }

  /** Reports an error that no caller receives to `onError`. */
  report(error: unknown, command: string | undefined): void {
    this.#services.report(error, command);
  }

  get id(): string {
    return this.address ?? this.#services.id;
  }

  get unsentBytes(): number {
    return 0;
  }

  drained(): Promise<void> {
    return Promise.resolve();
  }

  get closed(): Promise<Error> {
    this.#closed ??= this.#services.goneOf(this.#client);
    return this.#closed;
  }

  /** True for a client of an edge. It may have disconnected since the ask: then a call rejects with NoResponders. */
  get acceptsCalls(): boolean {
    return this.#client !== undefined;
  }

  get callsEnded(): Promise<Error> {
    return this.closed;
  }

  join(topic: string): Promise<void> {
    return this.#control("join", { topic });
  }

  leave(topic: string): Promise<void> {
    return this.#control("leave", { topic });
  }

  /**
   * Closes the connection of the client at its edge. Resolves when the edge has begun to close it.
   * @param options limits after which the edge destroys the connection
   */
  async close(options: CloseOptions = {}): Promise<void> {
    checkClose(options);
    const { timeout, signal } = options;
    if (signal?.aborted) return await this.#control("destroy");
    await this.#control("close", { timeout });
    if (signal?.aborted) this.destroy();
    else if (signal !== undefined)
      void this.closed.then(limitTime(this.#services.clock, { signal }, () => this.destroy()));
  }

  /** Destroys the connection of the client at its edge. */
  destroy(): void {
    this.#control("destroy").catch(() => {}); // it has gone already
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close({ timeout: DISPOSE_TIMEOUT_MS });
  }

  startTLS(): Promise<void> {
    return Promise.reject(
      new TLSNotAvailable("a worker cannot start TLS: the edge answers StartTLS of its clients"),
    );
  }

  async #control(command: ControlName, values?: ControlArguments): Promise<void> {
    if (this.#client === undefined) throw noClient();
    await this.#services.control(this.#client, command, values);
  }

  /** @throws InvalidSignature if the caller is a program: it has no subject of its own */
  #clientCaller(): Caller {
    if (this.#client === undefined) throw noClient();
    this.#caller ??= this.#services.clientAt(this.#client);
    return this.#caller;
  }

  protected override call(
    command: AnyCommand,
    values: Values,
    options: CallOptions,
  ): Promise<unknown> | undefined {
    // AnyCommand lacks the fields for the types of arguments and response, which `callRemote` does not read.
    const erased = command as CommandType<Fields, Fields, boolean>;
    try {
      return this.#clientCaller().callRemote(erased, values, options);
    } catch (error) {
      if (!command.requiresAnswer) throw error;
      return Promise.reject(error);
    }
  }

  protected override callString(
    name: string,
    box: Box,
    requiresAnswer: boolean,
    options: CallOptions,
  ): Promise<unknown> | undefined {
    const caller = this.#clientCaller();
    return requiresAnswer
      ? caller.callRemoteString(name, box, options)
      : caller.callRemoteString(name, box, { ...options, requiresAnswer });
  }
}

function noClient(): InvalidSignature {
  return new InvalidSignature(
    "the caller is a program on NATS, not a client of an edge: to call a program, use its own service",
  );
}
