/** Tells asks, answers and errors apart, and brings each to where it belongs. Sends our own asks. */

import type { AnyCommand, CallOptions } from "../command/types.ts";
import { InvalidSignature } from "../errors/caller.ts";
import { MalformedAmpBox, NoEmptyBoxes, UnexpectedAnswer } from "../errors/peer.ts";
import { fromWire } from "../errors/wire-codes.ts";
import type { CallEvent, Observer } from "../observer.ts";
import { utf8Lenient } from "../platform.ts";
import type { Values } from "../schema/field.ts";
import type { Clock } from "../transport.ts";
import { Box } from "../wire/box.ts";
import { keyPattern, writeBox } from "../wire/box-writer.ts";
import type { ByteWriter } from "../wire/byte-writer.ts";
import type { FixedBytes } from "../wire/fixed-bytes.ts";
import type { Frame } from "../wire/frame.ts";
import { textToKey } from "../wire/key-text.ts";
import { ASK, COMMAND, ERROR_CODE, ERROR_DESCRIPTION } from "../wire/protocol-keys.ts";
import { parseTag, tagBytes } from "../wire/tag.ts";
import { type Call, NOBODY_WAITS, PendingCalls, refuseAborted, type Settle } from "./pending-calls.ts";
import type { Host } from "./port.ts";

const errorCode = keyPattern(ERROR_CODE);
const errorDescription = keyPattern(ERROR_DESCRIPTION);

/** Who takes the peer's asks. */
export interface AskReceiver {
  /** Asks whose responders have not finished. */
  readonly inProgress: number;
  receive(frame: Frame): void;
}

export class Dispatcher {
  readonly #host: Host;
  /** Our calls that wait. */
  readonly outstanding: PendingCalls;
  /** The peer's asks that are being served. */
  readonly incoming: AskReceiver;

  constructor(host: Host, serving: AskReceiver, clock: Clock | undefined) {
    this.#host = host;
    this.outstanding = new PendingCalls(clock, () => host.finished());
    this.incoming = serving;
  }

  /**
   * Brings a box to where it belongs.
   * @throws NoEmptyBoxes, MalformedAmpBox, UnexpectedAnswer: the peer has broken the protocol
   */
  receive(frame: Frame): void {
    // In this order: a box with `_answer` is an answer whatever else it holds.
    if (frame.answer >= 0) this.#receiveAnswer(frame);
    else if (frame.error >= 0) this.#receiveError(frame);
    else if (frame.command >= 0) this.incoming.receive(frame);
    else throw neither(frame);
  }

  #receiveAnswer(frame: Frame): void {
    const call = this.#take(frame, frame.answer);
    if (call === NOBODY_WAITS) return;
    let value: unknown;
    try {
      value =
        call.command === undefined
          ? frame.toBox()
          : call.command.readResponse(frame, this.#host.context.connection);
    } catch (error) {
      call.reject(error);
      return;
    }
    call.resolve(value);
  }

  #receiveError(frame: Frame): void {
    const code = textAt(frame, errorCode);
    const description = textAt(frame, errorDescription);
    if (code === undefined || description === undefined) {
      throw new MalformedAmpBox("an error came without _error_code or _error_description");
    }
    const call = this.#take(frame, frame.error);
    if (call !== NOBODY_WAITS) call.reject(fromWire(code, description, call.command?.declaredErrors));
  }

  #take(frame: Frame, index: number): Call {
    const tag = parseTag(frame.bytes, frame.valueStart(index), frame.valueEnd(index));
    const call = this.outstanding.take(tag);
    if (call !== undefined) return call;
    const shown = JSON.stringify(utf8Lenient.decode(frame.value(index).subarray(0, 64)));
    throw new UnexpectedAnswer(`an answer came to call ${shown}, which ${this.outstanding.why(tag)}`);
  }

  /** Calls a command; undefined when it wants no answer. @throws only for a command that wants none */
  call(command: AnyCommand, values: Values, options: CallOptions): Promise<unknown> | undefined {
    if (!command.requiresAnswer) {
      refuseAborted(options);
      const { out, context } = this.#host;
      refuseWithin(out, command.name);
      out.busy = true;
      try {
        command.writeAsk(out, undefined, values, context.connection);
      } finally {
        out.busy = false;
      }
      this.outstanding.skip();
      this.#host.written();
      if (this.#host.observer?.watchesCalls)
        this.#watch(this.#host.observer, command.name, values, undefined);
      return undefined;
    }
    const promise = new Promise<unknown>((resolve, reject) =>
      this.callSettling(command, values, options, resolve, reject),
    );
    if (this.#host.observer?.watchesCalls) this.#watch(this.#host.observer, command.name, values, promise);
    return promise;
  }

  /** Tells of a call from its beginning to its end. Only what is watched pays for it. */
  #watch(observer: Observer, name: string, values: Values, answer: Promise<unknown> | undefined): void {
    const call: CallEvent = {
      connection: this.#host.context.connection,
      command: name,
      direction: "outgoing",
      arguments: values,
    };
    observer.callStarted(call);
    if (answer === undefined) return observer.callAnswered(call);
    answer.then(
      () => observer.callAnswered(call),
      (error: unknown) => observer.callFailed(call, error),
    );
  }

  /**
   * The same with the answer handed over in the very moment when it is read.
   * @throws InvalidSignature, TooLong, what {@link PendingCalls.admit} throws: nothing is sent, and neither function
   * will be called
   */
  callSettling(
    command: AnyCommand,
    values: Values,
    options: CallOptions,
    resolve: Settle["resolve"],
    reject: Settle["reject"],
  ): void {
    this.outstanding.admit(options);
    // Written out here and in `call`: in a method for both V8 does not inline it, and small calls cost 3 % more.
    const { out, context } = this.#host;
    refuseWithin(out, command.name);
    out.busy = true;
    try {
      command.writeAsk(out, this.outstanding.nextTag, values, context.connection);
    } finally {
      out.busy = false;
    }
    this.#sent(new PendingCall(command, command.name, resolve, reject), options);
  }

  /** The low level: a box to a command by name. */
  callString(
    name: string,
    box: Box,
    requiresAnswer: boolean,
    options: CallOptions,
  ): Promise<Box> | undefined {
    const ask = () => {
      refuseWithin(this.#host.out, name);
      return new Box(box).set(COMMAND, textToKey(name));
    };
    if (!requiresAnswer) {
      refuseAborted(options);
      const sent = ask();
      sent.delete(ASK); // of an ask that is passed on: its answer would come to no call, or to another
      writeBox(this.#host.out, sent);
      this.outstanding.skip();
      this.#host.written();
      return undefined;
    }
    const answer = new Promise<Box>((resolve, reject) => {
      this.outstanding.admit(options);
      writeBox(this.#host.out, ask().set(ASK, tagBytes(this.outstanding.nextTag)));
      // A call without command resolves with the answer's box.
      this.#sent(new PendingCall(undefined, name, resolve as Settle["resolve"], reject), options);
    });
    const { observer } = this.#host;
    if (observer?.watchesCalls) this.#watch(observer, name, Object.fromEntries(box), answer);
    return answer;
  }

  /** Asks for whatever the peer may answer: that it does is enough, so nobody waits for it. */
  askAndForget(name: string): void {
    const tag = this.outstanding.addForgotten();
    writeBox(this.#host.out, new Box({ [COMMAND]: name, [ASK]: tagBytes(tag) }));
    this.#host.written();
  }

  #sent(call: Call, options: CallOptions): void {
    const tag = this.outstanding.add(call);
    if (options.timeout !== undefined || options.signal !== undefined)
      this.outstanding.limit(tag, call, options);
    try {
      this.#host.written();
    } catch (error) {
      this.outstanding.take(tag); // a sender of boxes has refused it: nothing will be answered
      throw error;
    }
  }
}

function neither(frame: Frame): NoEmptyBoxes {
  if (frame.count === 0) return new NoEmptyBoxes("an empty box came");
  const names = [...frame.toBox().keys()].slice(0, 10);
  return new NoEmptyBoxes(`a box came that is neither ask nor answer: its keys are ${names.join(", ")}`);
}

class PendingCall implements Call {
  readonly command: AnyCommand | undefined;
  readonly name: string;
  readonly resolve: Settle["resolve"];
  readonly reject: Settle["reject"];
  release: (() => void) | undefined = undefined;

  constructor(
    command: AnyCommand | undefined,
    name: string,
    resolve: Settle["resolve"],
    reject: Settle["reject"],
  ) {
    this.command = command;
    this.name = name;
    this.resolve = resolve;
    this.reject = reject;
  }
}

/** @throws InvalidSignature for a call that a codec or a getter makes while a box is being written: it would land in it */
function refuseWithin(out: ByteWriter, name: string): void {
  if (out.busy) throw new InvalidSignature(`${name} was called while the values of another box were encoded`);
}

function textAt(frame: Frame, key: FixedBytes): string | undefined {
  const index = frame.indexOf(key);
  return index < 0 ? undefined : utf8Lenient.decode(frame.value(index));
}
