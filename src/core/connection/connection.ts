/**
 * A connection: joins input, dispatcher and output, and keeps the one state.
 *
 * It decides who may do what, and when; how boxes are read and written, calls settled, asks served and protocols
 * changed is each in a file of its own. Nothing here does input or output, and time comes from a clock.
 */
import type { Fields } from "../arguments/argument.ts";
import type {
  AmpConnection,
  CallOptions,
  CallParameters,
  CallResult,
  StartTLSOptions,
} from "../command/amp-connection.ts";
import type { ChangingConnection } from "../command/box-kind.ts";
import type { AnyCommand, Command } from "../command/command.ts";
import { StartTLS } from "../command/start-tls.ts";
import { ConnectionContext, Lifetime } from "../dispatch/context.ts";
import { Dispatcher } from "../dispatch/dispatcher.ts";
import type { Host } from "../dispatch/host.ts";
import { locator } from "../dispatch/locator.ts";
import { AmpError } from "../errors/amp-error.ts";
import { LimitExceeded, ProtocolSwitched, TLSRequired } from "../errors/caller.ts";
import { RemoteAmpError } from "../errors/peer.ts";
import { ConnectionClosed, ConnectionLost } from "../errors/transport.ts";
import { TLS_REQUIRED_ERROR_CODE } from "../errors/wire-codes.ts";
import type { CertificateLike, Clock, PrivateCertificateLike, TLSSession, Transport } from "../transport.ts";
import { Box } from "../wire/box.ts";
import { type Limits, resolveLimits } from "../wire/limits.ts";
import { writeBox } from "../wire/writer.ts";
import { ChangeDriver, type ChangeWatch } from "./change-driver.ts";
import { Input } from "./input.ts";
import { checkHeartbeat, Liveness } from "./liveness.ts";
import type { ConnectionOptions } from "./options.ts";
import { Output } from "./output.ts";
import { mayFail, next, RULES, type Rules, type State, type Transition } from "./states.ts";

/** Milliseconds that the peer has to end its side, once we have ended ours. */
const LINGER = 2_000;

export class Connection implements AmpConnection {
  readonly #options: ConnectionOptions;
  readonly #limits: Limits;
  readonly #clock: Clock;
  readonly #transport: Transport;
  readonly #input: Input;
  readonly #output: Output;
  readonly #dispatcher: Dispatcher;
  readonly #driver: ChangeDriver;
  readonly #lifetime = new Lifetime();
  #context: ConnectionContext;
  #state: State = "open";
  #rules: Rules = RULES.open;
  #tls: TLSSession | undefined;
  /** Why the connection ends: the first reason counts. */
  #reason: Error | undefined;
  #peerEnded = false;
  readonly #liveness: Liveness | undefined;
  readonly #timers = new Set<unknown>();

  readonly closed: Promise<Error>;
  #resolveClosed: (reason: Error) => void = () => {};

  /** @throws TypeError, RangeError for options that make no sense */
  constructor(transport: Transport, clock: Clock, options: ConnectionOptions = {}) {
    this.#options = options;
    this.#limits = resolveLimits(options.limits);
    this.#clock = clock;
    this.#transport = transport;
    this.#tls = transport.tls;
    this.#context = new ConnectionContext(this, this.#lifetime);
    this.closed = new Promise((resolve) => {
      this.#resolveClosed = resolve;
    });
    this.#output = new Output(transport);
    this.#dispatcher = new Dispatcher(this.#host(), options.locator ?? locator(), clock);
    const receive = this.#receiver();
    this.#input = new Input(transport, this.#limits, {
      mayRead: () => this.#mayRead(),
      receive,
      readEnough: (everything) => this.#readEnough(everything),
      failed: (error) => this.#fail(error instanceof Error ? error : new Error(String(error))),
    });
    this.#driver = this.#changeDriver();
    this.#liveness = this.#watch();
    options.observer?.connectionOpened(this);
    transport.start({
      received: (chunk) => this.#received(chunk),
      ended: () => {
        this.#peerEnded = true;
        this.#input.read();
      },
      drained: () => {
        this.#output.drained();
        if (this.#input.paused) this.#input.read();
      },
      lost: (reason) => this.#lost(reason),
    });
  }

  /** `open` while calls are accepted; they are held back while it is `upgrading` or `switching`. */
  get state(): State {
    return this.#state;
  }

  /** Why the connection ends, from the moment when that is known; undefined while it does not end. */
  get reason(): Error | undefined {
    return this.#reason;
  }

  get secure(): boolean {
    return this.#tls !== undefined;
  }

  get tls(): TLSSession | undefined {
    return this.#tls;
  }

  get peerCertificate(): CertificateLike | undefined {
    return this.#tls?.peerCertificate;
  }

  get hostCertificate(): PrivateCertificateLike | undefined {
    return this.#tls?.hostCertificate;
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
    const refusal = this.#refusal(undefined);
    if (refusal !== undefined) return refuse(refusal, requiresAnswer);
    return this.#dispatcher.callString(name, box, requiresAnswer, this.#withDefaults(options));
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
    const refusal = this.#refusal(command);
    if (refusal !== undefined) return refuse(refusal, command.requiresAnswer);
    const change = command.commandType.change;
    const named = values as Readonly<Record<string, unknown>>; // objects are: the schema looks at each value
    if (change !== undefined) return this.#driver.ask(command, change, named, this.#withDefaults(options));
    return this.#dispatcher.call(command, named, this.#withDefaults(options));
  }

  /** Why a call cannot be made now. */
  #refusal(command: AnyCommand | undefined): Error | undefined {
    if (!this.#rules.calls) return this.#whyClosed();
    const { maxHeldBytes, maxUnsentBytes } = this.#limits;
    if (this.#output.held >= maxHeldBytes) {
      return new LimitExceeded(`${this.#output.held} bytes are held back already: the limit is maxHeldBytes`);
    }
    if (this.#output.pending >= maxUnsentBytes) {
      return new LimitExceeded(
        `the peer has not taken ${this.#output.pending} bytes: the limit is maxUnsentBytes`,
      );
    }
    if (this.#plaintextForbids(command) && !this.#driver.certain) {
      return new TLSRequired(`${command?.name ?? "a call"} may not be sent in plaintext: start TLS first`);
    }
    return undefined;
  }

  #plaintextForbids(command: AnyCommand | undefined): boolean {
    if (this.secure || command?.change?.state === "upgrading") return false;
    return this.#options.requireTLS === true || command?.requireTLS === true;
  }

  #withDefaults(options: CallOptions | undefined): CallOptions | undefined {
    const { callTimeout } = this.#options;
    if (callTimeout === undefined || options?.timeout !== undefined) return options;
    return { ...options, timeout: callTimeout };
  }

  close(): Promise<void> {
    this.#driver.afterwards(() => {
      if (this.#state !== "open") return;
      this.#reason ??= new ConnectionClosed("the connection was closed here");
      this.#move("close");
      this.#finish();
    });
    return this.closed.then(() => undefined);
  }

  destroy(reason: Error = new ConnectionClosed("the connection was destroyed here")): void {
    if (this.#state === "switched") return; // the stream is somebody else's
    this.#fail(reason);
    this.#transport.destroy();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  // What the parts that the connection joins ask of it.

  #host(): Host {
    const connection = this;
    return {
      get out() {
        return connection.#output.out;
      },
      written: () => this.#output.written(),
      get alive() {
        return connection.#rules.output !== "dropped";
      },
      get context() {
        return connection.#context;
      },
      survivesUndeclaredErrors: this.#options.closeOnUndeclaredError === false,
      refusal: (command) =>
        this.#plaintextForbids(command)
          ? new RemoteAmpError(TLS_REQUIRED_ERROR_CODE, "this is not served in plaintext: start TLS first")
          : undefined,
      observer: this.#options.observer,
      report: (error, command) => {
        this.#options.observer?.errorReported(error, command, this);
        this.#options.onError?.(error, { command, connection: this });
      },
      quit: (reason) => this.#fail(reason),
      changeAsked: (ask) => {
        const change = ask.command.change;
        if (change !== undefined) this.#driver.answer(ask, change);
      },
      finished: () => this.#settled(),
    };
  }

  #receiver(): (frame: Parameters<Dispatcher["receive"]>[0]) => void {
    const { receiver } = this.#options;
    if (receiver === undefined) return (frame) => this.#dispatcher.receive(frame);
    receiver.startReceivingBoxes({
      sendBox: (box) => {
        if (!this.#rules.calls) throw this.#whyClosed();
        writeBox(this.#output.out, box);
        this.#output.written();
      },
      unhandledError: (error) => this.#fail(error instanceof Error ? error : new Error(String(error))),
    });
    void this.closed.then((reason) => receiver.stopReceivingBoxes(reason));
    return (frame) => receiver.boxReceived(frame.toBox());
  }

  #changeDriver(): ChangeDriver {
    const connection = this;
    const changing: ChangingConnection = {
      get secure() {
        return connection.secure;
      },
      get quiescent() {
        const { outstanding, incoming } = connection.#dispatcher;
        return outstanding.size === 0 && incoming.inProgress === 0;
      },
      transport: this.#transport,
      tlsDefaults: this.#options.tls ?? {},
      secured: (session) => {
        this.#tls = session;
        // What was learnt in plaintext may be an attacker's.
        this.#context = new ConnectionContext(this, this.#lifetime);
      },
    };
    return new ChangeDriver({
      connection: changing,
      transport: this.#transport,
      input: this.#input,
      output: this.#output,
      dispatcher: this.#dispatcher,
      clock: this.#clock,
      handshakeTimeout: this.#limits.handshakeTimeout,
      get state() {
        return connection.#state;
      },
      watch: this.#changeWatch(),
      move: (transition) => this.#move(transition),
      fail: (reason) => this.#fail(reason),
    });
  }

  #changeWatch(): ChangeWatch | undefined {
    const { observer } = this.#options;
    if (observer === undefined) return undefined;
    return {
      started: (kind, side) => {
        const event = { connection: this, kind, side };
        observer.changeStarted(event);
        return event;
      },
      done: (event) => observer.changeDone(event, this.#tls),
      failed: (event, error) => observer.changeFailed(event, error),
    };
  }

  #watch(): Liveness | undefined {
    const connection = this;
    const { heartbeat } = this.#options;
    const { idleTimeout } = this.#limits;
    checkHeartbeat(this.#options);
    if (heartbeat === undefined && !Number.isFinite(idleTimeout)) return undefined;
    return new Liveness(this.#clock, idleTimeout, heartbeat, {
      get listening() {
        return connection.#mayListen();
      },
      get mayAsk() {
        return connection.#rules.output === "sent" && !connection.#peerEnded;
      },
      get unsent() {
        return connection.#transport.unsent;
      },
      ask: (command) => this.#dispatcher.askIdly(command),
      idle: (reason) => this.#fail(reason),
      dead: (reason) => this.destroy(reason),
    });
  }

  #received(chunk: Uint8Array): void {
    if (this.#state === "closed") return;
    this.#liveness?.heard();
    this.#input.push(chunk);
  }

  #mayRead(): boolean {
    if (this.#state === "closed") return true; // to see the peer's end; what comes is thrown away
    return this.#mayListen() && this.#output.pending < this.#limits.maxUnsentBytes;
  }

  /** We have no reason of our own not to read; the peer may have given us one. */
  #mayListen(): boolean {
    const inProgress = this.#dispatcher.incoming.inProgress;
    return this.#rules.reads && this.#driver.reads && inProgress < this.#limits.maxAsksInProgress;
  }

  #readEnough(everything: boolean): void {
    this.#output.flush();
    if (everything && this.#peerEnded && this.#state !== "closed") this.#streamEnded();
    this.#finish();
  }

  /** Something in progress has ended: perhaps that is what reading, or closing, was waiting for. */
  #settled(): void {
    if (this.#input.paused) this.#input.read();
    this.#finish();
  }

  #streamEnded(): void {
    try {
      this.#input.end();
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : String(cause);
      return this.#fail(new ConnectionLost(`the peer closed the connection: ${why}`, { cause }));
    }
    const reason = new ConnectionClosed("the peer closed the connection");
    if (this.#rules.output === "held") return this.#fail(reason);
    this.#reason ??= reason;
    this.#dispatcher.outstanding.rejectAll(this.#reason);
    if (this.#state === "open") this.#move("close");
  }

  /** Ends our side, when it is time. */
  #finish(): void {
    if (this.#state !== "closing") return;
    const { outstanding, incoming } = this.#dispatcher;
    if (outstanding.size === 0 && incoming.inProgress === 0) this.#end("finished", this.#whyClosed());
  }

  #fail(reason: Error): void {
    if (mayFail(this.#state)) this.#end("fail", reason);
  }

  /** AMP is over. What was written still goes out; what was held does not. */
  #end(transition: Transition, reason: Error): void {
    this.#reason ??= reason;
    if (this.#rules.output === "sent") this.#output.flush();
    this.#move(transition);
    this.#output.drop();
    this.#driver.lost(reason);
    this.#dispatcher.outstanding.rejectAll(reason);
    this.#lifetime.end(reason);
    this.#liveness?.stop();
    this.#transport.end();
    this.#input.discard();
    this.#after(LINGER, () => this.#transport.destroy());
  }

  #lost(cause: Error | undefined): void {
    if (mayFail(this.#state)) this.#end("fail", this.#reason ?? this.#whyLost(cause));
    for (const timer of this.#timers) this.#clock.clearTimeout(timer);
    this.#timers.clear();
    const reason = this.#whyClosed();
    this.#options.observer?.connectionClosed(this, reason);
    this.#resolveClosed(reason);
  }

  #whyLost(cause: Error | undefined): AmpError {
    if (cause instanceof AmpError) return cause; // the transport has found out what it means: see TransportReceiver
    if (cause !== undefined)
      return new ConnectionLost(`the connection was lost: ${cause.message}`, { cause });
    return new ConnectionClosed("the connection was closed");
  }

  #whyClosed(): Error {
    if (this.#state === "switched") return new ProtocolSwitched("the connection speaks another protocol now");
    return this.#reason ?? new ConnectionClosed("the connection is closed");
  }

  #move(transition: Transition): void {
    this.#state = next(this.#state, transition);
    this.#rules = RULES[this.#state];
    if (this.#state !== "switched") return;
    const reason = this.#whyClosed();
    this.#liveness?.stop();
    this.#output.drop();
    this.#dispatcher.outstanding.rejectAll(reason);
    this.#resolveClosed(reason);
  }

  #after(milliseconds: number, action: () => void): void {
    const timer = this.#clock.setTimeout(() => {
      this.#timers.delete(timer);
      action();
    }, milliseconds);
    this.#timers.add(timer);
  }
}

/** A call that is not made: a rejected promise, or for one that wants no answer an error, if it is the caller's. */
function refuse(reason: Error, requiresAnswer: boolean): Promise<never> | undefined {
  if (requiresAnswer) return Promise.reject(reason);
  if (reason instanceof LimitExceeded || reason instanceof TLSRequired) throw reason;
  return undefined;
}
