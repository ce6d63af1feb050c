/**
 * A connection, as its owner sees it: calls, encryption, and its end.
 *
 * What it is made of, and who moves whom, is in `assembly.ts` and `parts.ts`; each part has one subject and a file.
 * Nothing here does input or output, and time comes from a clock.
 */
import type { Values } from "../arguments/field.ts";
import type { AmpConnection, CallOptions, StartTLSOptions } from "../command/amp-connection.ts";
import type { AnyCommand } from "../command/command.ts";
import { StartTLS } from "../command/start-tls.ts";
import { TypedCalls } from "../command/typed-calls.ts";
import { ConnectionClosed } from "../errors/transport.ts";
import type { CertificateLike, Clock, PrivateCertificateLike, TLSSession, Transport } from "../transport.ts";
import type { Box } from "../wire/box.ts";
import { refusal, refuse } from "./admission.ts";
import { Assembly } from "./assembly.ts";
import type { ConnectionOptions } from "./options.ts";
import type { State } from "./states.ts";

/** AMP over any transport. Programs get theirs from `connect`, `listen` or `attach`. */
export class Connection extends TypedCalls implements AmpConnection {
  readonly #parts: Assembly;
  readonly closed: Promise<Error>;

  /** @throws TypeError, RangeError for options that make no sense */
  constructor(transport: Transport, clock: Clock, options: ConnectionOptions = {}) {
    super();
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

  protected override call(
    command: AnyCommand,
    values: Values,
    options: CallOptions,
  ): Promise<unknown> | undefined {
    const reason = refusal(this.#parts, command, command.requiresAnswer);
    if (reason !== undefined) return refuse(reason, command.requiresAnswer);
    const { change } = command;
    if (change !== undefined)
      return this.#parts.driver.ask(command, change, values, this.#withDefaults(options));
    return this.#parts.dispatcher.call(command, values, this.#withDefaults(options));
  }

  protected override callString(
    name: string,
    box: Box,
    requiresAnswer: boolean,
    options: CallOptions,
  ): Promise<Box> | undefined {
    const reason = refusal(this.#parts, undefined, requiresAnswer);
    if (reason !== undefined) return refuse(reason, requiresAnswer);
    return this.#parts.dispatcher.callString(name, box, requiresAnswer, this.#withDefaults(options));
  }

  #withDefaults(options: CallOptions): CallOptions {
    const { callTimeout } = this.#parts.options;
    if (callTimeout === undefined || options.timeout !== undefined) return options;
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
