/** Typed calls over NATS. */
import { readError } from "../core/calls/calls.ts";
import { checkCallOptions } from "../core/calls/pending-calls.ts";
import {
  AT_REJECTION,
  captureOrigin,
  ownError,
  type Rejectable,
  rejectCall,
  rejectWithOwnError,
  withCaller,
} from "../core/calls/rejection.ts";
import { TypedCalls } from "../core/calls/typed-calls.ts";
import type { AnyCommand, CallOptions, CloseOptions } from "../core/command/types.ts";
import { reportError } from "../core/connection/report.ts";
import { CallTimeout, InvalidSignature, TLSNotAvailable, TLSRequired } from "../core/errors/caller.ts";
import type { DeclaredErrors } from "../core/errors/declared-errors.ts";
import { toError } from "../core/errors/to-error.ts";
import { ConnectionClosed } from "../core/errors/transport.ts";
import { fromWire, shownPrefix } from "../core/errors/wire-codes.ts";
import { IN_DEVELOPMENT } from "../core/platform.ts";
import type { Values } from "../core/schema/field.ts";
import { limitTime, throwIfAborted } from "../core/time-limit.ts";
import { Box } from "../core/wire/box.ts";
import { writeBox } from "../core/wire/box-writer.ts";
import { beginElements, endElements } from "../core/wire/elements.ts";
import type { Frame } from "../core/wire/frame.ts";
import { textToKey } from "../core/wire/key-text.ts";
import { ASK, COMMAND } from "../core/wire/protocol-keys.ts";
import { tagBytes } from "../core/wire/tag.ts";
import { type CallRules, NatsCall } from "./call.ts";
import {
  headersOf,
  REQUIRE_TLS_HEADER,
  type SizedHeaders,
  TIMEOUT_HEADER,
  TRACE_HEADER,
  traceOf,
} from "./headers.ts";
import type { Link } from "./link.ts";
import { checkClose, DISPOSE_TIMEOUT_MS } from "./options.ts";
import { publishOnce } from "./publish-once.ts";

/** Destination of the calls of one caller, and the rules for them. */
export interface CallTarget {
  readonly rules: CallRules;
  readonly callTimeout: number | undefined;
  /** Returns the subject of a command. */
  subjectOf(command: string): string;
  /** Returns why a command that requires TLS may not be sent, or undefined. */
  secrecyProblem(): string | undefined;
  /** The receiver checks that the client is inside TLS: it does not know the command. */
  readonly announcesTLS: boolean;
  readonly traceparent: (() => string | undefined) | undefined;
  /** Maximum number of elements of an answer. */
  readonly maxElements: number;
  /** True for a topic: a command with an answer cannot be called. */
  readonly isTopic?: boolean;
}

/** Calls over NATS: to a service, to one client of an edge, or to a topic. */
export class NatsCaller extends TypedCalls implements AsyncDisposable {
  readonly #link: Link;
  readonly #target: CallTarget;
  readonly #calls = new Set<NatsCall>();
  /** Functions that drop the commands without an answer that wait for a connection to NATS. */
  readonly #waiting = new Set<() => void>();
  #reason: Error | undefined;
  #idle: (() => void)[] = [];

  constructor(link: Link, target: CallTarget) {
    super();
    this.#link = link;
    this.#target = target;
  }

  /** Number of calls that wait for a connection to NATS, or for a worker. */
  get waiting(): number {
    return this.#target.rules.waiting.size;
  }

  /** Number of calls that have not been settled. */
  get inProgress(): number {
    return this.#calls.size;
  }

  /**
   * Waits for the calls in progress, and for the commands without an answer that wait for a connection to NATS. Later calls are
   * rejected with ConnectionClosed. The NATS connection stays open.
   * @param options limits after which the calls in progress are rejected
   */
  async close(options: CloseOptions = {}): Promise<void> {
    checkClose(options);
    this.#reason ??= new ConnectionClosed("the caller is closed");
    if (this.#calls.size + this.#waiting.size === 0) return;
    const late = () => this.destroy();
    if (options.signal?.aborted) late();
    const release = limitTime(this.#link.clock, options, late);
    if (this.#calls.size + this.#waiting.size > 0)
      await new Promise<void>((resolve) => {
        this.#idle.push(resolve);
      });
    release();
  }

  /** Rejects the calls in progress and all later ones with the reason. The NATS connection stays open. */
  destroy(reason: Error = new ConnectionClosed("the caller was destroyed")): void {
    this.#reason ??= toError(reason); // a program in JavaScript may pass anything
    for (const call of [...this.#calls]) call.abandon(this.#reason);
    for (const drop of [...this.#waiting]) drop();
  }

  /** Closes the caller, and rejects the calls in progress after 10 seconds. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close({ timeout: DISPOSE_TIMEOUT_MS });
  }

  protected override call(
    command: AnyCommand,
    values: Values,
    options: CallOptions,
  ): Promise<unknown> | undefined {
    const { name, requiresAnswer, requireTLS, idempotent, declaredErrors } = command;
    const problem = this.#problem(command);
    if (problem !== undefined) return this.#refuse(problem, requiresAnswer);
    const write = (tag: number | undefined) =>
      this.#link.encoder.encode(name, (out) => command.writeAsk(out, tag, values, undefined));
    if (!requiresAnswer) return this.#tell(name, requireTLS, write(undefined), options);
    const read = (frame: Frame) => command.readResponse(frame, undefined);
    return this.#ask({ name, idempotent, requireTLS, declaredErrors }, write, read, options);
  }

  protected override callString(
    name: string,
    box: Box,
    requiresAnswer: boolean,
    options: CallOptions,
  ): Promise<unknown> | undefined {
    const problem = this.#problem({ name, change: undefined, requireTLS: false, requiresAnswer });
    if (problem !== undefined) return this.#refuse(problem, requiresAnswer);
    const write = (tag: number | undefined) => {
      const ask = new Box(box).set(COMMAND, textToKey(name));
      if (tag === undefined) ask.delete(ASK);
      else ask.set(ASK, tagBytes(tag));
      return this.#link.encoder.encode(name, (out) => writeBox(out, ask));
    };
    if (!requiresAnswer) return this.#tell(name, false, write(undefined), options);
    const about = { name, idempotent: false, requireTLS: false, declaredErrors: undefined };
    return this.#ask(about, write, (frame) => frame.toBox(), options);
  }

  #problem({
    name,
    change,
    requireTLS,
    requiresAnswer,
  }: Pick<AnyCommand, "name" | "change" | "requireTLS" | "requiresAnswer">): Error | undefined {
    const closed = this.#link.nats.isClosed()
      ? new ConnectionClosed("the NATS connection is closed")
      : undefined;
    const reason = this.#reason ?? closed;
    if (reason !== undefined) return ownError(reason, name);
    if (change !== undefined)
      return new TLSNotAvailable(`${name} changes the protocol, which NATS cannot carry`);
    if (requiresAnswer && this.#target.isTopic)
      return new InvalidSignature(`${name} has an answer: a topic takes commands with requiresAnswer: false`);
    // Without a connection it is not known: the call waits, and each attempt looks again.
    const problem = requireTLS && this.#link.watch.connected ? this.#target.secrecyProblem() : undefined;
    return problem === undefined ? undefined : new TLSRequired(`${name} may not be sent: ${problem}`);
  }

  /** Rejects, or for a call that wants no answer throws; a closed connection drops such a call. */
  #refuse(problem: Error, requiresAnswer: boolean): Promise<never> | undefined {
    if (requiresAnswer) return Promise.reject(problem);
    if (problem instanceof ConnectionClosed) return undefined;
    throw problem;
  }

  #ask(
    about: {
      readonly name: string;
      readonly idempotent: boolean;
      readonly requireTLS: boolean;
      readonly declaredErrors: DeclaredErrors | undefined;
    },
    write: (tag: number) => Uint8Array,
    read: (frame: Frame) => unknown,
    options: CallOptions,
  ): Promise<unknown> {
    const link = this.#link;
    const target = this.#target;
    const { name, declaredErrors } = about;
    const origin = IN_DEVELOPMENT ? captureOrigin() : AT_REJECTION;
    return new Promise((resolve: (value: unknown) => void, reject) => {
      const caller: Rejectable = { origin, resolve, reject };
      checkCallOptions(options);
      const { timeout = target.callTimeout, signal } = options; // `callTimeout` was checked with the options
      let box: Uint8Array;
      try {
        box = write(link.nextTag);
      } catch (error) {
        throw withCaller(error, options);
      }
      const call = new NatsCall(link, target.rules, {
        name,
        subject: target.subjectOf(name),
        idempotent: about.idempotent,
        timeout: timeout === Number.POSITIVE_INFINITY ? undefined : timeout,
        signal,
        headers: this.#headers(timeout, about.requireTLS),
        secrecyProblem: about.requireTLS ? target.secrecyProblem : undefined,
        answered: (frame) => {
          this.#ended(call);
          try {
            beginElements(target.maxElements);
            if (frame.answer >= 0) resolve(read(frame));
            else {
              const { code, description } = readError(frame);
              const error = fromWire(code, description, name, declaredErrors, () => frame.toBox());
              const isDeclared = declaredErrors?.classFor(code) !== undefined;
              rejectCall(caller, error, { prefix: isDeclared ? shownPrefix(name, code) : undefined });
            }
          } catch (error) {
            rejectCall(caller, error, { keepFrames: true });
          } finally {
            endElements();
          }
        },
        failed: (error) => {
          this.#ended(call);
          if (error === signal?.reason)
            reject(error); // an object of the program
          else if (error instanceof CallTimeout) rejectCall(caller, error);
          else rejectWithOwnError(caller, toError(error), name);
        },
      });
      this.#calls.add(call);
      call.start(box);
    });
  }

  #ended(call: NatsCall): void {
    this.#calls.delete(call);
    this.#checkIdle();
  }

  #checkIdle(): void {
    if (this.#idle.length === 0 || this.#calls.size + this.#waiting.size > 0) return;
    for (const wake of this.#idle.splice(0)) wake();
  }

  /** Returns the function that makes the headers of an attempt, or undefined if it needs none. */
  #headers(
    timeout: number | undefined,
    requireTLS: boolean,
  ): ((left: number | undefined) => SizedHeaders | undefined) | undefined {
    const { announcesTLS, traceparent } = this.#target;
    const needsTLS = announcesTLS && requireTLS;
    if (timeout === undefined && !needsTLS && traceparent === undefined) return undefined;
    const trace = traceOf(traceparent);
    return (left) =>
      headersOf({
        [TIMEOUT_HEADER]: left === undefined ? undefined : String(Math.ceil(left)),
        [REQUIRE_TLS_HEADER]: needsTLS ? "1" : undefined,
        [TRACE_HEADER]: trace,
      });
  }

  /** Publishes a command without an answer. If there is no connection to NATS, it waits for one. */
  #tell(name: string, requireTLS: boolean, box: Uint8Array, options: CallOptions): undefined {
    throwIfAborted(options.signal);
    const subject = this.#target.subjectOf(name);
    const headers = this.#headers(undefined, requireTLS)?.(undefined);
    const { signal } = options;
    const drop = publishOnce(this.#link, this.#target.rules, subject, box, headers, {
      signal,
      secrecyProblem: requireTLS ? this.#target.secrecyProblem : undefined,
      failed: (error) => reportError(undefined, error, { command: name, connection: undefined }),
      ended: () => {
        if (drop !== undefined) this.#waiting.delete(drop);
        this.#checkIdle();
      },
    });
    if (drop !== undefined) this.#waiting.add(drop);
    return undefined;
  }
}
