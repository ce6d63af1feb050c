/** A connection as its owner sees it: calls, encryption, and its end. Everything else is in the kernel (`kernel.ts`). */
import { TypedCalls } from "../calls/typed-calls.ts";
import type {
  AmpConnection,
  AnyCommand,
  CallOptions,
  CloseOptions,
  StartTLSOptions,
} from "../command/types.ts";
import { toError } from "../errors/to-error.ts";
import { ConnectionClosed } from "../errors/transport.ts";
import { checkNotNegative } from "../number-option.ts";
import { CLOSE_OPTIONS, checkOptionNames } from "../option-names.ts";
import type { Values } from "../schema/field.ts";
import type { SharedBudgets } from "../serving/shared-budget.ts";
import { checkSignal, limitTime } from "../time-limit.ts";
import type {
  Address,
  CertificateLike,
  Clock,
  PrivateCertificateLike,
  TLSSession,
  Transport,
} from "../transport.ts";
import type { Box } from "../wire/box.ts";
import { noChanges, refusal, refuse } from "./admission.ts";
import type { FeatureSet } from "./feature.ts";
import { ConnectionKernel, type ServingFactory } from "./kernel.ts";
import type { ConnectionOptions } from "./options.ts";
import { type PublicState, publicState } from "./states.ts";

/** The kernel of a connection, for carriers and features. Not exported from the package. */
export let kernelOf: (connection: BaseConnection) => ConnectionKernel;

/** Number of connections that were opened in this process. */
let opened = 0;

/** Milliseconds for which `await using` waits for calls in progress, before it destroys the connection. */
export const DISPOSE_TIMEOUT_MS = 10_000;

/** AMP over any transport, with the features that an entry point composes. */
export class BaseConnection extends TypedCalls implements AmpConnection {
  readonly #kernel: ConnectionKernel;
  readonly #number = ++opened;
  readonly closed: Promise<Error>;

  static {
    kernelOf = (connection) => connection.#kernel;
  }

  /** @throws TypeError, RangeError for invalid options */
  constructor(
    transport: Transport,
    clock: Clock,
    options: ConnectionOptions,
    serving: ServingFactory,
    features: FeatureSet,
    budgets?: SharedBudgets,
  ) {
    super();
    this.#kernel = new ConnectionKernel(this, transport, clock, options, serving, features, budgets);
    this.closed = this.#kernel.ending.closed;
    this.#kernel.start();
  }

  /** `open` while calls are sent; they are queued while it is `upgrading` or `switching`. */
  get state(): PublicState {
    const { changeKind, reason, state } = this.#kernel;
    return state === "open" && reason !== undefined ? "closing" : publicState(state, changeKind);
  }

  get acceptsCalls(): boolean {
    return this.#kernel.callsEnded === undefined;
  }

  get callsEnded(): Promise<Error> {
    return this.#kernel.ending.callsEnded;
  }

  /** The reason of the end, as soon as it is known; undefined while the connection does not end. */
  get reason(): Error | undefined {
    return this.#kernel.reason;
  }

  get id(): string {
    return `c${this.#number}`;
  }

  get localAddress(): Address | undefined {
    return this.#kernel.transport.localAddress;
  }

  get remoteAddress(): Address | undefined {
    return this.#kernel.transport.remoteAddress;
  }

  get unsentBytes(): number {
    return this.#kernel.outbox.unsentBytes;
  }

  drained(): Promise<void> {
    return this.#kernel.outbox.everythingSent();
  }

  get secure(): boolean {
    return this.#kernel.secure;
  }

  get tls(): TLSSession | undefined {
    return this.#kernel.tls;
  }

  get peerCertificate(): CertificateLike | undefined {
    return this.tls?.peerCertificate;
  }

  get hostCertificate(): PrivateCertificateLike | undefined {
    return this.tls?.hostCertificate;
  }

  startTLS(options: StartTLSOptions = {}): Promise<void> {
    return this.#kernel.changes?.startTLS(options) ?? Promise.reject(noChanges(this.secure));
  }

  protected override call(
    command: AnyCommand,
    values: Values,
    options: CallOptions,
  ): Promise<unknown> | undefined {
    const kernel = this.#kernel;
    const { change } = command;
    const reason = refusal(kernel, command, command.requiresAnswer, command.name);
    if (reason !== undefined) {
      if (change !== undefined) kernel.changes?.refused(change, reason);
      return refuse(kernel, reason, command.requiresAnswer);
    }
    if (change !== undefined)
      return (
        kernel.changes?.ask(command, change, values, this.#withDefaults(options)) ??
        Promise.reject(noChanges(kernel.secure))
      );
    const answer = kernel.calls.call(command, values, this.#withDefaults(options));
    kernel.callBegan();
    return answer;
  }

  protected override callString(
    name: string,
    box: Box,
    requiresAnswer: boolean,
    options: CallOptions,
  ): Promise<Box> | undefined {
    const kernel = this.#kernel;
    const reason = refusal(kernel, undefined, requiresAnswer, name);
    if (reason !== undefined) return refuse(kernel, reason, requiresAnswer);
    const answer = kernel.calls.callString(name, box, requiresAnswer, this.#withDefaults(options));
    kernel.callBegan();
    return answer;
  }

  #withDefaults(options: CallOptions): CallOptions {
    const { callTimeout } = this.#kernel.options;
    if (callTimeout === undefined || options.timeout !== undefined) return options;
    return { ...options, timeout: callTimeout };
  }

  async close(options: CloseOptions = {}): Promise<void> {
    checkOptionNames("close", options, CLOSE_OPTIONS);
    const { timeout, signal } = options;
    checkNotNegative({ timeout });
    checkSignal(signal);
    this.#kernel.ending.close();
    const late = () => this.destroy(new ConnectionClosed("close() has reached its timeout, or was aborted"));
    if (signal?.aborted) late();
    await this.closed.then(limitTime(this.#kernel.clock, options, late));
  }

  destroy(reason: Error = new ConnectionClosed("the connection was destroyed here")): void {
    this.#kernel.destroy(toError(reason)); // a program in JavaScript may pass anything
  }

  /** Closes the connection, and destroys it if that takes more than 10 seconds. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close({ timeout: DISPOSE_TIMEOUT_MS });
  }
}
