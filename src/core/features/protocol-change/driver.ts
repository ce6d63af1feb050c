/**
 * The choreography of a protocol change: StartTLS, a switch, or a command of the user's own.
 *
 * The asker writes its ask and from that instant holds back every box. The responder stops reading before its
 * responder runs, so that nothing which came behind the ask is ever taken for a box. After the answer both are
 * quiet, the transport has written everything, and the change is made. What the change is, this file does not know.
 */

import type { ChangeAsk } from "../../calls/port.ts";
import type {
  ChangeSide,
  ChangingConnection,
  PerformChange,
  ProtocolChange,
} from "../../command/protocol-change.ts";
import type { AnyCommand, CallOptions, StartTLSOptions } from "../../command/types.ts";
import type { Feature, FeatureKind, ProtocolChanges } from "../../connection/feature.ts";
import type { Kernel } from "../../connection/kernel.ts";
import { PHASES, type Phase, type Transition } from "../../connection/states.ts";
import { InvalidSignature } from "../../errors/caller.ts";
import { MalformedAmpBox, RemoteAmpError } from "../../errors/peer.ts";
import {
  HandshakeTimeout,
  OnlyOneTLS,
  PlaintextAfterStartTLS,
  StartTLSCollision,
  StartTLSRefused,
} from "../../errors/tls.ts";
import { messageOf, toError } from "../../errors/to-error.ts";
import { isFromWire, UNKNOWN_ERROR_CODE } from "../../errors/wire-codes.ts";
import type { ChangeEvent } from "../../observer.ts";
import type { Values } from "../../schema/field.ts";
import { ByteWriter } from "../../wire/byte-writer.ts";
import { Changing } from "./changing-connection.ts";
import { StartTLS } from "./start-tls.ts";
import { limitChange } from "./time-limit.ts";

/** The change that is under way. */
interface Current {
  readonly change: ProtocolChange;
  readonly side: ChangeSide;
  phase: Phase;
  /** Rejects the asker's call; on the responder's side nobody waits. */
  readonly reject: (reason: unknown) => void;
  /** Ends the time limit and the listening to a signal. */
  release: () => void;
  /** Runs when the change is over and the connection open again. */
  afterwards: (() => void) | undefined;
  /** Set when somebody watches. */
  event: ChangeEvent | undefined;
}

const nothing = () => {};
/** What a change begins with: nobody waits for it, and nothing is to be taken back. */
const FRESH = { reject: nothing, release: nothing, afterwards: undefined, event: undefined };

export class ChangeDriver implements Feature, ProtocolChanges {
  readonly #kernel: Kernel;
  readonly #connection: ChangingConnection;
  #current: Current | undefined;

  constructor(kernel: Kernel) {
    this.#kernel = kernel;
    this.#connection = new Changing(kernel);
  }

  get changes(): ProtocolChanges {
    return this;
  }

  async startTLS(options: StartTLSOptions): Promise<void> {
    const { localCertificate, verifyAuthorities, serverName, requireQuiescent, ...call } = options;
    const given = {
      tls_localCertificate: localCertificate,
      tls_verifyAuthorities: verifyAuthorities,
      tls_serverName: serverName,
      tls_requireQuiescent: requireQuiescent,
    };
    await this.#kernel.connection.callRemote(StartTLS, given, call);
  }

  /** Whether received bytes are boxes at this point of a change. */
  get reads(): boolean {
    return this.#current === undefined || PHASES[this.#current.phase].reads;
  }

  /** Whether what is held now goes out inside TLS or not at all. */
  get certain(): boolean {
    return this.#current?.change.state === "upgrading" && PHASES[this.#current.phase].certain;
  }

  /** Asks the peer for a change. Resolves when it has been made; what fails before the ask is sent changes nothing. */
  ask(
    command: AnyCommand,
    change: ProtocolChange,
    values: Values,
    options: CallOptions = {},
  ): Promise<unknown> {
    // Thrown, not rejected: who calls such a command is given no promise.
    if (!command.requiresAnswer)
      throw new InvalidSignature(`${command.name} changes the protocol: it needs an answer`);
    return new Promise((resolve, reject) => {
      const { dispatcher, state } = this.#kernel;
      const connection = this.#connection;
      if (change.state === "upgrading" && state === "upgrading") {
        throw new OnlyOneTLS("TLS is already being started on this connection");
      }
      if (state !== "open")
        throw new InvalidSignature(`${command.name} cannot be asked while the connection is ${state}`);
      change.admit(connection, "asker");
      const perform = change.prepare(connection, values, "asker");
      if (options.signal?.aborted) throw options.signal.reason;

      const current: Current = { ...FRESH, change, side: "asker", phase: "asked", reject };
      const answered = (answer: unknown) => {
        // A response that was read from a box is an object of values.
        this.#perform(current, perform, (more) => resolve({ ...(answer as Values), ...more }), reject);
      };
      dispatcher.callSettling(command, values, {}, answered, (error) =>
        this.#refused(current, command, error),
      );
      this.#begin(current);
      this.#limit(current, options);
    });
  }

  /** The peer asks for a change. */
  answer(ask: ChangeAsk, change: ProtocolChange): void {
    const { state, inbox: input } = this.#kernel;
    const connection = this.#connection;
    if (this.#current !== undefined) {
      return this.fail(
        new StartTLSCollision(`both ends asked to change the protocol at once (${ask.command.name})`),
      );
    }
    try {
      change.admit(connection, "responder");
      // No failure of ours, which would cut short what close() waits for.
      if (state !== "open") throw new RemoteAmpError(UNKNOWN_ERROR_CODE, `the connection is ${state}`);
    } catch (error) {
      return ask.fail(error);
    }
    const current: Current = { ...FRESH, change, side: "responder", phase: "answering" };
    this.#begin(current);
    input.pause();
    if (this.#injected(current)) return;
    void this.#answer(current, ask);
  }

  async #answer(current: Current, ask: ChangeAsk): Promise<void> {
    const { outbox: output } = this.#kernel;
    const connection = this.#connection;
    const answer = new ByteWriter();
    let perform: PerformChange;
    try {
      const values = await ask.run();
      if (this.#current !== current) return;
      perform = current.change.prepare(connection, values, "responder");
      ask.writeAnswer(values, answer);
    } catch (error) {
      if (this.#current === current) this.#decline(current, ask, error);
      return;
    }
    if (this.#injected(current)) return;
    output.pass(answer);
    this.#limit(current, {});
    this.#perform(current, perform, nothing, (error) => ask.fail(error));
  }

  /** Bytes behind a StartTLS ask can only come from somebody who does not know what is coming. */
  #injected({ change }: Current): boolean {
    const { waiting } = this.#kernel.inbox;
    if (change.state !== "upgrading" || waiting === 0) return false;
    this.fail(
      new PlaintextAfterStartTLS(`plaintext after StartTLS: ${waiting} bytes came before we had answered`),
    );
    return true;
  }

  /** Our responder refused: AMP goes on as before. */
  #decline(current: Current, ask: ChangeAsk, error: unknown): void {
    this.#end(current, "refused", error);
    this.#kernel.outbox.release();
    ask.fail(error);
    this.#goOn(current);
  }

  /** The peer refused, or its answer cannot be read, or the connection was lost before it answered. */
  #refused(current: Current, command: AnyCommand, error: unknown): void {
    current.reject(error);
    if (this.#current !== current) return;
    if (!isFromWire(error, command.declaredErrors)) {
      // It has agreed all the same, and no longer speaks AMP, or not in plaintext.
      const message = `the peer's answer to ${command.name} is malformed: ${messageOf(error)}`;
      return this.fail(new MalformedAmpBox(message, { cause: error }));
    }
    if (current.change.state === "upgrading") {
      this.fail(new StartTLSRefused(`the peer refused to start TLS: ${messageOf(error)}`, { cause: error }));
      return;
    }
    this.#end(current, "refused", error);
    this.#kernel.outbox.release();
    this.#goOn(current);
  }

  #begin(current: Current): void {
    const { outbox: output, dispatcher } = this.#kernel;
    output.hold();
    dispatcher.outstanding.holdBack();
    this.#kernel.move(current.change.state === "upgrading" ? "upgrade" : "switch");
    this.#current = current;
    current.event = this.#watched(current.change.state, current.side);
  }

  #watched(kind: ProtocolChange["state"], side: ChangeSide): ChangeEvent | undefined {
    const { connection, observer } = this.#kernel;
    if (observer === undefined) return undefined;
    const event = { connection, kind, side };
    observer.changeStarted(event);
    return event;
  }

  #end(current: Current, transition: Transition, error?: unknown): void {
    current.release();
    this.#current = undefined;
    this.#kernel.dispatcher.outstanding.release();
    this.#kernel.move(transition);
    if (current.event === undefined) return;
    const { observer, tls } = this.#kernel;
    if (transition === "refused") observer?.changeFailed(current.event, error);
    else observer?.changeDone(current.event, tls);
  }

  /** What was held has gone out: only then is the peer listened to, or the connection closed. */
  #goOn(current: Current): void {
    this.#kernel.inbox.read();
    current.afterwards?.();
  }

  /** Runs something when no change is under way: at once, or as soon as AMP goes on. */
  afterwards(action: () => void): void {
    if (this.#current === undefined) action();
    else this.#current.afterwards = action;
  }

  /**
   * The answer is there, or on its way: nothing is parsed any more.
   * @param failed hears that whoever was to take the stream over has not
   */
  #perform(
    current: Current,
    perform: PerformChange,
    done: (values: Values) => void,
    failed: (error: unknown) => void,
  ): void {
    current.phase = "performing";
    this.#kernel.inbox.pause();
    this.#make(current, perform).then(
      (values) => {
        if (values !== undefined) done(values);
      },
      (error: unknown) => {
        const reason = toError(error);
        if (this.#current === current) return this.fail(reason);
        // An upgrade that was cut off ends like this: whoever waits for it has heard why.
        if (current.change.state === "switching") failed(error);
        this.#kernel.transport.destroy(reason); // it is nobody's
      },
    );
  }

  /** Resolves with nothing when the connection was lost meanwhile. */
  async #make(current: Current, perform: PerformChange): Promise<Values | undefined> {
    const { inbox: input, outbox: output, transport } = this.#kernel;
    await transport.flushed();
    if (this.#current !== current) return undefined;
    const leftovers = input.takeRest();
    if (current.change.state === "switching") {
      // Before, not after: once the stream is given away, nothing that happens here may end it or wait for its end.
      this.#end(current, "handedOver");
      return perform(leftovers);
    }
    const values = await perform(leftovers);
    if (this.#current !== current) return undefined;
    this.#end(current, "upgraded");
    output.release();
    this.#goOn(current);
    return values;
  }

  #limit(current: Current, options: CallOptions): void {
    current.release = limitChange(current.change.state, options, this.#kernel, {
      expired: (bound) => {
        const missing = current.phase === "asked" ? "the peer has not answered" : "the handshake is not done";
        this.fail(new HandshakeTimeout(`${bound}: ${missing}`));
        this.#kernel.transport.destroy(); // who is silent now would not react to an end in order either
      },
      aborted: (reason, rejection) => this.fail(reason, rejection),
    });
  }

  /** The change has failed and the connection with it. */
  fail(reason: Error, rejection: unknown = reason): void {
    this.stopped(rejection);
    this.#kernel.fail(reason);
  }

  /** The connection is gone: whoever waits for the change hears of it. */
  stopped(reason: unknown): void {
    const current = this.#current;
    if (current === undefined) return;
    this.#current = undefined;
    current.release();
    if (current.event !== undefined) this.#kernel.observer?.changeFailed(current.event, reason);
    current.reject(reason);
  }
}

/** StartTLS, the protocol switch, and whatever else changes what the bytes mean. */
export const protocolChanges: FeatureKind = (kernel) => new ChangeDriver(kernel);
