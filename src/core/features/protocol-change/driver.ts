/**
 * The driver of a protocol change: StartTLS, a protocol switch, or a command of the user's own.
 *
 * The end that asks writes its ask and queues every later box in the same tick. The other end stops reading before its
 * responder runs, so that nothing that follows the ask is ever parsed as a box. After the answer, both ends wait until
 * everything is written, and make the change. The driver does not know what the change is (`command/protocol-change.ts`).
 */
import type { ChangeAsk } from "../../calls/port.ts";
import {
  AT_REJECTION,
  captureOrigin,
  ownError,
  type Rejectable,
  rejectCall,
  type StackChange,
  withCaller,
} from "../../calls/rejection.ts";
import type { ChangeSide, PerformChange, ProtocolChange } from "../../command/protocol-change.ts";
import type { AnyCommand, CallOptions, StartTLSOptions } from "../../command/types.ts";
import type { ChangingKernel, FeatureKind, ProtocolChanges } from "../../connection/feature.ts";
import { newIntroduction } from "../../connection/introduction.ts";
import type { ConnectionOptions } from "../../connection/options.ts";
import { isUpgradeCertain, publicState } from "../../connection/states.ts";
import { InvalidSignature, LimitExceeded, TLSNotAvailable } from "../../errors/caller.ts";
import { declaredErrorOf } from "../../errors/declared-error-of.ts";
import { MalformedAmpBox, RemoteAmpError } from "../../errors/peer.ts";
import { ProtocolSwitched } from "../../errors/protocol-switched.ts";
import {
  HandshakeTimeout,
  OnlyOneTLS,
  PlaintextAfterStartTLS,
  StartTLSCollision,
  StartTLSRefused,
} from "../../errors/tls.ts";
import { messageOf, toError } from "../../errors/to-error.ts";
import { isFromWire, shownPrefix, UNKNOWN_ERROR_CODE } from "../../errors/wire-codes.ts";
import { checkNotNegative } from "../../number-option.ts";
import type { ChangeEvent } from "../../observer.ts";
import type { Values } from "../../schema/field.ts";
import { checkSignal, throwIfAborted } from "../../time-limit.ts";
import { ByteWriter } from "../../wire/byte-writer.ts";
import { answerStartTLS } from "./answer-start-tls.ts";
import { KernelConnection } from "./changing-connection.ts";
import { checkReturnedNames } from "./returned-names.ts";
import { StartTLS } from "./start-tls.ts";
import { limitChange } from "./time-limit.ts";
import { checkTLSOptionNames, START_TLS_OPTIONS } from "./tls-option-names.ts";

/** StartTLS, the protocol switch, and every other command that changes what the bytes mean. */
export const protocolChanges: FeatureKind<Pick<ConnectionOptions, "tls">> = {
  check: ({ tls }) => {
    if (tls !== false && typeof tls !== "function") checkTLSOptionNames("tls", tls);
  },
  commands: [{ command: StartTLS, serve: answerStartTLS }],
  changes: (kernel) => new ChangeDriver(kernel),
};

/** The change under way. */
interface Current {
  readonly change: ProtocolChange;
  readonly side: ChangeSide;
  readonly name: string;
  /** The call that asked for the change, until it is rejected. Undefined on the other end. */
  call: Rejectable | undefined;
  /** Removes the timer and the abort listener. */
  release: () => void;
  /** Set if there is an observer. */
  event: ChangeEvent | undefined;
}

const nothing = () => {};

/** Description with which a Twisted without pyOpenSSL refuses StartTLS, under the error code of OnlyOneTLS. */
const TWISTED_WITHOUT_TLS = "TLS not available";

function withoutTLS(error: unknown): TLSNotAvailable | undefined {
  if (!(error instanceof OnlyOneTLS) || error.message !== TWISTED_WITHOUT_TLS) return undefined;
  return new TLSNotAvailable("the peer has no TLS: it is a Twisted without the package pyOpenSSL");
}

class ChangeDriver implements ProtocolChanges {
  readonly #kernel: ChangingKernel;
  readonly #connection: KernelConnection;
  #current: Current | undefined;

  constructor(kernel: ChangingKernel) {
    this.#kernel = kernel;
    this.#connection = new KernelConnection(kernel);
  }

  get upgradeIsCertain(): boolean {
    return isUpgradeCertain(this.#kernel.state, this.#kernel.changeKind);
  }

  queueRefusal(name: string): LimitExceeded | undefined {
    const { limits, outbox } = this.#kernel;
    return outbox.queued >= limits.maxHeldBytes
      ? new LimitExceeded(`${name}: ${outbox.queued} bytes are queued already: the limit is maxHeldBytes`)
      : undefined;
  }

  checkQueue(): void {
    const { limits, outbox } = this.#kernel;
    if (outbox.queued >= limits.maxUnsentBytes)
      throw new LimitExceeded(
        `the peer keeps asking while ${outbox.queued} bytes are queued for a protocol change: the limit is maxUnsentBytes`,
      );
  }

  async startTLS(options: StartTLSOptions): Promise<void> {
    try {
      checkTLSOptionNames("startTLS", options, START_TLS_OPTIONS);
    } catch (error) {
      this.refused({ state: "upgrading" }, toError(error)); // as for every failure before the ask is sent
      throw error;
    }
    const { localCertificate, verifyAuthorities, serverName, requireQuiescent, timeout, signal, ...more } =
      options;
    const values = {
      tls_localCertificate: localCertificate,
      tls_verifyAuthorities: verifyAuthorities,
      tls_serverName: serverName,
      tls_requireQuiescent: requireQuiescent,
      tls_options: more,
    };
    await this.#kernel.connection.callRemote(StartTLS, values, { timeout, signal });
  }

  /** Errors before the ask is sent change nothing. */
  ask(command: AnyCommand, change: ProtocolChange, values: Values, options: CallOptions): Promise<unknown> {
    // Thrown, not rejected: the caller of such a command gets no promise.
    if (!command.requiresAnswer)
      throw new InvalidSignature(`${command.name} changes the protocol: it needs an answer`);
    const origin = this.#kernel.callStacks ? captureOrigin() : AT_REJECTION;
    return new Promise((resolve, reject) => {
      try {
        this.#ask(command, change, values, options, { origin, resolve, reject });
      } catch (error) {
        this.refused(change, toError(error));
        throw withCaller(error, options);
      }
    });
  }

  /**
   * A program that has asked for TLS must not continue in plaintext: later calls in plaintext are rejected. This holds also while
   * this end decides about an upgrade of the peer: it may decline.
   */
  refused(change: Pick<ProtocolChange, "state">, reason: Error): void {
    if (change.state === "upgrading" && !this.#kernel.secure) this.#kernel.plaintextRefused = reason;
  }

  /** @throws errors before the ask is sent */
  #ask(
    command: AnyCommand,
    change: ProtocolChange,
    values: Values,
    options: CallOptions,
    call: Rejectable,
  ): void {
    const kernel = this.#kernel;
    const { changeKind, state } = kernel;
    checkNotNegative({ timeout: options.timeout });
    checkSignal(options.signal);
    if (change.state === "upgrading" && changeKind === "upgrading") {
      throw new OnlyOneTLS("TLS is already being started on this connection");
    }
    if (state !== "open") {
      const shown = publicState(state, changeKind);
      throw new InvalidSignature(`${command.name} cannot be called while the connection is ${shown}`);
    }
    change.admit(this.#connection, "asker");
    const perform = change.prepare(this.#connection, values, "asker");
    if (typeof perform !== "function") perform.catch(nothing); // its rejection is handled after the answer
    throwIfAborted(options.signal);

    const { name } = command;
    const current: Current = { change, side: "asker", name, call, release: nothing, event: undefined };
    const answered = (answer: unknown) => {
      this.#perform(
        current,
        perform,
        "answered",
        // A response that was read from a box is an object of values.
        (more) => call.resolve({ ...(answer as Values), ...more }),
        (error) => reject(current, error, { keepFrames: true }),
      );
    };
    kernel.calls.callSettling(command, values, {}, answered, (error) =>
      this.#refused(current, command, error),
    );
    this.#begin(current, "ask");
    this.#limit(current, options);
  }

  answer(ask: ChangeAsk): void {
    const { change } = ask;
    if (this.#current !== undefined) {
      return this.#fail(
        new StartTLSCollision(`both ends asked to change the protocol at once (${ask.command.name})`),
      );
    }
    const { changeKind, state } = this.#kernel;
    try {
      change.admit(this.#connection, "responder");
      if (state !== "open") {
        throw new RemoteAmpError(UNKNOWN_ERROR_CODE, `the connection is ${publicState(state, changeKind)}`);
      }
    } catch (error) {
      return ask.fail(error);
    }
    const current: Current = {
      change,
      side: "responder",
      name: ask.command.name,
      call: undefined,
      release: nothing,
      event: undefined,
    };
    this.#begin(current, "asked");
    if (!this.#injected(current)) void this.#answer(current, ask);
  }

  async #answer(current: Current, ask: ChangeAsk): Promise<void> {
    const answer = new ByteWriter();
    let perform: PerformChange;
    try {
      const values = await ask.run();
      if (this.#current !== current) return;
      if (current.change.state === "upgrading") checkReturnedNames(ask.command, values);
      perform = await current.change.prepare(this.#connection, values, "responder");
      if (this.#current !== current) return;
      ask.writeAnswer(values, answer);
    } catch (error) {
      if (this.#current === current) this.#end(current, "declined", error, () => ask.fail(error));
      return;
    }
    if (this.#injected(current)) return;
    this.#kernel.outbox.sendPastQueue(answer);
    this.#limit(current, {});
    this.#perform(current, perform, "agreed", nothing, (error) => ask.fail(error));
  }

  /** Fails if bytes have followed a StartTLS ask. An honest peer sends nothing before the answer; an attacker does. */
  #injected({ change }: Current): boolean {
    const { inbox, transport } = this.#kernel;
    const waiting = inbox.reader.buffered + transport.undelivered;
    if (change.state !== "upgrading" || waiting === 0) return false;
    this.#fail(
      new PlaintextAfterStartTLS(`plaintext after StartTLS: ${waiting} bytes arrived before it was answered`),
    );
    return true;
  }

  /** Called when the peer has refused, when its answer cannot be read, and when the connection was lost before. */
  #refused(current: Current, command: AnyCommand, received: unknown): void {
    if (this.#current !== current) return; // the call was rejected
    const error = withoutTLS(received) ?? received;
    if (!isFromWire(error, command.declaredErrors)) {
      reject(current, error, { keepFrames: true });
      // The peer has agreed, and does not send AMP in plaintext any more.
      const message = `the peer's answer to ${command.name} is malformed: ${messageOf(error)}`;
      return this.#fail(new MalformedAmpBox(message, { cause: error }));
    }
    const code = declaredErrorOf(command.declaredErrors, error)?.code;
    reject(current, error, { prefix: code === undefined ? code : shownPrefix(command.name, code) });
    if (current.change.state === "upgrading") {
      this.#fail(new StartTLSRefused(`the peer refused to start TLS: ${messageOf(error)}`, { cause: error }));
      return;
    }
    this.#end(current, "refused", error);
  }

  #begin(current: Current, by: "ask" | "asked"): void {
    const { calls, connection, observer, outbox } = this.#kernel;
    this.#current = current;
    outbox.flush(); // what was appended before
    calls.pending.queueFromHere();
    this.#kernel.changeKind = current.change.state;
    if (current.change.state === "upgrading")
      this.#kernel.introduction = newIntroduction(this.#kernel.options, this.#kernel.transport);
    this.#kernel.move(by);
    if (observer === undefined) return;
    current.event = { connection, kind: current.change.state, side: current.side };
    observer.changeStarted?.(current.event);
  }

  /**
   * Ends the change; AMP continues.
   * @param beforeReading runs after the queued boxes were sent
   */
  #end(
    current: Current,
    by: "refused" | "declined" | "upgraded",
    error?: unknown,
    beforeReading: () => void = nothing,
  ): void {
    const kernel = this.#kernel;
    this.#finish(current);
    kernel.calls.pending.sendQueued();
    kernel.changeKind = undefined;
    kernel.move(by);
    kernel.outbox.flush();
    kernel.outbox.checkDrained();
    this.#report(current, by === "upgraded" ? undefined : { error });
    beforeReading();
    kernel.inbox.read();
    if (kernel.closeWanted) kernel.ending.close();
  }

  #finish(current: Current): void {
    current.release();
    this.#current = undefined;
  }

  #report({ event }: Current, failure: { readonly error: unknown } | undefined): void {
    const { observer, tls } = this.#kernel;
    if (event === undefined) return;
    if (failure === undefined) observer?.changeDone?.(event, tls);
    else observer?.changeFailed?.(event, failure.error);
  }

  /**
   * Makes the change. The answer has arrived or is on its way: nothing is parsed any more.
   * @param failed called if the protocol that was to take the stream over has thrown
   */
  #perform(
    current: Current,
    perform: PerformChange | Promise<PerformChange>,
    by: "answered" | "agreed",
    done: (values: Values | undefined) => void,
    failed: (error: unknown) => void,
  ): void {
    this.#kernel.serving.serveQueue(); // received in plaintext: must not be executed after the change
    this.#kernel.move(by);
    // Resolves with undefined if the caller has been rejected already.
    this.#make(current, perform).then(done, (error: unknown) => {
      const reason = toError(error);
      if (this.#current === current) return this.#fail(reason);
      // An upgrade that was interrupted: its caller has been rejected already.
      if (current.change.state === "switching") failed(error);
      this.#kernel.transport.destroy(reason); // it has no owner any more
    });
  }

  /** Resolves with undefined if the connection was lost meanwhile. */
  async #make(
    current: Current,
    prepared: PerformChange | Promise<PerformChange>,
  ): Promise<Values | undefined> {
    const { ending, inbox, transport } = this.#kernel;
    await transport.flushed();
    const perform = await prepared;
    if (this.#current !== current) return undefined;
    const leftovers = inbox.reader.takeRest();
    if (current.change.state === "switching") {
      // Before the stream is given away: from then on nothing here may end it or wait for its end.
      this.#finish(current);
      const reason = new ProtocolSwitched("the connection speaks another protocol now");
      this.#kernel.reason = reason;
      ending.stop("handedOver", reason);
      this.#report(current, undefined);
      ending.report(reason);
      return perform(leftovers);
    }
    const values = await perform(leftovers);
    if (this.#current !== current) return undefined;
    this.#end(current, "upgraded");
    return values;
  }

  #limit(current: Current, options: CallOptions): void {
    current.release = limitChange(current.change.state, options, this.#kernel, {
      expired: (limit) => {
        const missing =
          this.#kernel.state === "asked"
            ? "the peer has not answered"
            : "the handshake is not done (two TLS servers wait for each other: see `role`)";
        this.#fail(new HandshakeTimeout(`${limit}: ${missing}`));
        this.#kernel.transport.destroy(); // a silent peer would not react to an orderly end
      },
      aborted: (reason, rejection) => {
        current.call?.reject(rejection); // an object of the program
        current.call = undefined;
        this.#fail(reason);
      },
    });
  }

  /** Fails the change, and the connection with it. */
  #fail(reason: Error): void {
    const isCaller = this.#current?.side === "asker";
    this.stopped(reason);
    if (isCaller) this.#kernel.fail(reason);
    else this.#kernel.violated(reason);
  }

  stopped(reason: Error): void {
    const current = this.#current;
    if (current === undefined) return;
    this.#finish(current);
    this.#report(current, { error: reason });
    reject(current, ownError(reason, current.name));
  }
}

/** Rejects the call that asked for the change, if it waits for it. The error gets the stack of its caller. */
function reject(current: Current, error: unknown, change?: StackChange): void {
  const { call } = current;
  current.call = undefined;
  if (call !== undefined) rejectCall(call, error, change);
}
