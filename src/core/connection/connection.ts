/**
 * A connection, as its owner sees it: calls, encryption, and its end.
 *
 * What it is made of, and who moves whom, is in `assembly.ts` and `parts.ts`; each part has one subject and a file.
 * Nothing here does input or output, and time comes from a clock.
 */
import type { Fields } from "../arguments/argument.ts";
import type {
  AmpConnection,
  CallOptions,
  CallParameters,
  CallResult,
  StartTLSOptions,
} from "../command/amp-connection.ts";
import type { AnyCommand, Command } from "../command/command.ts";
import { StartTLS } from "../command/start-tls.ts";
import { ConnectionClosed } from "../errors/transport.ts";
import type { CertificateLike, Clock, PrivateCertificateLike, TLSSession, Transport } from "../transport.ts";
import { Box } from "../wire/box.ts";
import { refusal, refuse } from "./admission.ts";
import { Assembly } from "./assembly.ts";
import type { ConnectionOptions } from "./options.ts";
import type { State } from "./states.ts";

export class Connection implements AmpConnection {
  readonly #parts: Assembly;
  readonly closed: Promise<Error>;

  /** @throws TypeError, RangeError for options that make no sense */
  constructor(transport: Transport, clock: Clock, options: ConnectionOptions = {}) {
    this.#parts = new Assembly(this, transport, clock, options);
    this.closed = this.#parts.ending.closed;
    this.#parts.start();
  }

  /** `open` while calls are accepted; they are held back while it is `upgrading` or `switching`. */
  get state(): State {
    return this.#parts.standing.state;
  }

  /** Why the connection ends, from the moment when that is known; undefined while it does not end. */
  get reason(): Error | undefined {
    return this.#parts.standing.reason;
  }

  get secure(): boolean {
    return this.#parts.standing.secure;
  }

  get tls(): TLSSession | undefined {
    return this.#parts.standing.tls;
  }

  get peerCertificate(): CertificateLike | undefined {
    return this.tls?.peerCertificate;
  }

  get hostCertificate(): PrivateCertificateLike | undefined {
    return this.tls?.hostCertificate;
  }

  callRemote<A extends Fields, R extends Fields, Q extends boolean>(
    command: Command<A, R, Q>,
    ...rest: CallParameters<A>
  ): CallResult<R, Q>;
  callRemote(command: AnyCommand, args: object = {}, options?: CallOptions): Promise<unknown> | undefined {
    return this.call(command, args, options);
  }

  callRemoteString(name: string, box?: Box, options?: CallOptions): Promise<Box>;
  callRemoteString(
    name: string,
    box: Box | undefined,
    options: CallOptions & { requiresAnswer: false },
  ): undefined;
  callRemoteString(
    name: string,
    box: Box = new Box(),
    options: CallOptions & { requiresAnswer?: boolean } = {},
  ): Promise<Box> | undefined {
    const requiresAnswer = options.requiresAnswer ?? true;
    const reason = refusal(this.#parts, undefined);
    if (reason !== undefined) return refuse(reason, requiresAnswer);
    return this.#parts.dispatcher.callString(name, box, requiresAnswer, this.#withDefaults(options));
  }

  async startTLS(options: StartTLSOptions = {}): Promise<void> {
    const { localCertificate, verifyAuthorities, serverName, requireQuiescent, ...call } = options;
    const given = {
      tls_localCertificate: localCertificate,
      tls_verifyAuthorities: verifyAuthorities,
      tls_serverName: serverName,
      tls_requireQuiescent: requireQuiescent,
    };
    await this.callRemote(StartTLS, given, call);
  }

  /** The same with its types erased, for what subclasses add. */
  protected call(
    command: AnyCommand,
    values: object,
    options: CallOptions | undefined,
  ): Promise<unknown> | undefined {
    const reason = refusal(this.#parts, command);
    if (reason !== undefined) return refuse(reason, command.requiresAnswer);
    const { change } = command;
    const named = values as Readonly<Record<string, unknown>>; // objects are: the schema looks at each value
    if (change !== undefined)
      return this.#parts.driver.ask(command, change, named, this.#withDefaults(options));
    return this.#parts.dispatcher.call(command, named, this.#withDefaults(options));
  }

  #withDefaults(options: CallOptions | undefined): CallOptions | undefined {
    const { callTimeout } = this.#parts.options;
    if (callTimeout === undefined || options?.timeout !== undefined) return options;
    return { ...options, timeout: callTimeout };
  }

  close(): Promise<void> {
    this.#parts.ending.close();
    return this.closed.then(() => undefined);
  }

  destroy(reason: Error = new ConnectionClosed("the connection was destroyed here")): void {
    this.#parts.ending.destroy(reason);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
