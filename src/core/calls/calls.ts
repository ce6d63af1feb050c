/** The calling half of a connection: encodes asks, and settles calls with the answers. */
import type { AnyCommand, CallOptions } from "../command/types.ts";
import { InvalidSignature } from "../errors/caller.ts";
import { MalformedAmpBox, UnexpectedAnswer } from "../errors/peer.ts";
import { fromWire, shownPrefix } from "../errors/wire-codes.ts";
import { type CallEvent, type Observer, watchesCalls } from "../observer.ts";
import { utf8Lenient } from "../platform.ts";
import type { Values } from "../schema/field.ts";
import { throwIfAborted } from "../time-limit.ts";
import type { Clock } from "../transport.ts";
import { Box } from "../wire/box.ts";
import { keyPattern, writeBox } from "../wire/box-writer.ts";
import type { ByteWriter } from "../wire/byte-writer.ts";
import { beginElements, endElements } from "../wire/elements.ts";
import type { FixedBytes } from "../wire/fixed-bytes.ts";
import type { Frame } from "../wire/frame.ts";
import { keyToText, textToKey } from "../wire/key-text.ts";
import { ASK, COMMAND, ERROR_CODE, ERROR_DESCRIPTION } from "../wire/protocol-keys.ts";
import { parseTag, tagBytes } from "../wire/tag.ts";
import { type Call, checkCallOptions, NOBODY_WAITS, PendingCalls, type Settle } from "./pending-calls.ts";
import type { Port } from "./port.ts";
import { AT_REJECTION, captureOrigin, type Origin, ownError, rejectCall, withCaller } from "./rejection.ts";

const errorCode = keyPattern(ERROR_CODE);
const errorDescription = keyPattern(ERROR_DESCRIPTION);

export class Calls {
  readonly #port: Port;
  readonly pending: PendingCalls;
  readonly #callStacks: boolean;

  constructor(port: Port, clock: Clock) {
    this.#port = port;
    this.pending = new PendingCalls(clock, port);
    this.#callStacks = port.callStacks;
  }

  /** @throws UnexpectedAnswer if no call waits for this answer */
  receiveAnswer(frame: Frame): void {
    const call = this.#take(frame, frame.answer);
    if (call === NOBODY_WAITS) return;
    let value: unknown;
    beginElements(this.#port.limits.maxElements);
    try {
      value =
        call.command === undefined ? frame.toBox() : call.command.readResponse(frame, this.#port.connection);
    } catch (error) {
      return rejectCall(call, error, { keepFrames: true });
    } finally {
      endElements();
    }
    call.resolve(value);
  }

  /** @throws MalformedAmpBox for an error without code or description, UnexpectedAnswer if no call waits for it */
  receiveError(frame: Frame): void {
    const { code: shownCode, description } = readError(frame);
    const call = this.#take(frame, frame.error);
    if (call === NOBODY_WAITS) return;
    const { name } = call;
    const declared = call.command?.declaredErrors;
    beginElements(this.#port.limits.maxElements);
    const error = fromWire(shownCode, description, name, declared, () => frame.toBox());
    endElements();
    // The message of a class of the program is the description; the first line of the stack has more.
    const isDeclared = declared?.classFor(shownCode) !== undefined;
    rejectCall(call, error, { prefix: isDeclared ? shownPrefix(name, shownCode) : undefined });
  }

  #take(frame: Frame, index: number): Call {
    const { bytes, fastPaths } = frame;
    const start = frame.valueStart(index);
    const end = frame.valueEnd(index);
    const tag = fastPaths?.readTag?.(bytes, frame.view, start, end) ?? parseTag(bytes, start, end);
    const call = this.pending.take(tag);
    if (call === undefined) throw unexpected(frame.value(index), this.pending.why(tag));
    return call;
  }

  /** Calls a command. Returns undefined if it wants no answer. @throws only for a command that wants none */
  call(command: AnyCommand, values: Values, options: CallOptions): Promise<unknown> | undefined {
    if (command.requiresAnswer === false) return this.#callUnanswered(command, values, options);
    const { observer } = this.#port;
    const origin = this.#callStacks === true ? captureOrigin() : AT_REJECTION;
    const promise = new Promise<unknown>((resolve, reject) => {
      try {
        this.callSettling(command, values, options, resolve, reject, origin);
      } catch (error) {
        throw withCaller(error, options);
      }
    });
    if (watchesCalls(observer)) this.#watch(observer, command.name, values, promise);
    return promise;
  }

  #callUnanswered(command: AnyCommand, values: Values, options: CallOptions): undefined {
    const port = this.#port;
    throwIfAborted(options.signal);
    this.#write(command, undefined, values);
    this.pending.skip();
    port.askWritten(command);
    if (watchesCalls(port.observer)) this.#watch(port.observer, command.name, values, undefined);
    return undefined;
  }

  #write(command: AnyCommand, tag: number | undefined, values: Values): void {
    const { out, connection } = this.#port;
    refuseWithin(out, command.name);
    out.busy = true;
    try {
      command.writeAsk(out, tag, values, connection);
    } finally {
      out.busy = false;
    }
  }

  /** Reports a call to the observer, from its beginning to its end. */
  #watch(observer: Observer, name: string, values: Values, answer: Promise<unknown> | undefined): void {
    const call: CallEvent = {
      connection: this.#port.connection,
      command: name,
      direction: "outgoing",
      arguments: values,
    };
    observer.callStarted?.(call);
    if (answer === undefined) return observer.callAnswered?.(call);
    answer.then(
      () => observer.callAnswered?.(call),
      (error: unknown) => observer.callFailed?.(call, error),
    );
  }

  /**
   * Calls a command and settles it synchronously when the answer is read, not in a later microtask.
   * @throws InvalidSignature, TooLong, and what {@link PendingCalls.check} throws: nothing is sent, and neither function
   * is called
   */
  callSettling(
    command: AnyCommand,
    values: Values,
    options: CallOptions,
    resolve: Settle["resolve"],
    reject: Settle["reject"],
    origin?: Origin,
  ): void {
    const isLimited = options.timeout !== undefined || options.signal !== undefined;
    if (isLimited) checkCallOptions(options);
    this.#write(command, this.pending.nextTag, values);
    const { name } = command;
    // The fields in the order of NOBODY_WAITS, so that V8 gives both the same shape.
    this.#sent({ command, name, origin, release: undefined, resolve, reject }, options);
  }

  /** Calls a command by name, with a box. */
  callString(
    name: string,
    box: Box,
    requiresAnswer: boolean,
    options: CallOptions,
  ): Promise<Box> | undefined {
    const port = this.#port;
    const ask = () => {
      refuseWithin(port.out, name);
      return new Box(box).set(COMMAND, textToKey(name));
    };
    let answer: Promise<Box> | undefined;
    if (requiresAnswer) {
      const origin = this.#callStacks ? captureOrigin() : AT_REJECTION;
      answer = new Promise<Box>((resolve, reject) => {
        checkCallOptions(options);
        writeBox(port.out, ask().set(ASK, tagBytes(this.pending.nextTag)));
        // A call without a command resolves with the box of the answer.
        const settle = resolve as Settle["resolve"];
        this.#sent(
          { command: undefined, name, origin, release: undefined, resolve: settle, reject },
          options,
        );
      });
    } else {
      throwIfAborted(options.signal);
      const sent = ask();
      sent.delete(ASK); // the tag of an ask that is forwarded: its answer would match no call, or another one
      writeBox(port.out, sent);
      this.pending.skip();
      port.askWritten(undefined);
    }
    if (watchesCalls(port.observer)) this.#watch(port.observer, name, Object.fromEntries(box), answer);
    return answer;
  }

  /** @throws the reason of the end if a codec has ended the connection while the call was encoded */
  #sent(call: Call, options: CallOptions): void {
    const port = this.#port;
    if (port.alive === false) throw ownError(port.whyClosed(), call.name);
    const tag = this.pending.add(call);
    if (options.timeout !== undefined || options.signal !== undefined) this.pending.limit(tag, call, options);
    try {
      port.askWritten(call.command);
    } catch (error) {
      this.pending.take(tag); // a carrier of boxes has refused it: no answer will come
      throw error;
    }
  }
}

/** @throws InvalidSignature for a call that a codec or a getter makes while a box is being written: it would land in it */
export function refuseWithin(out: ByteWriter, name: string): void {
  if (out.busy === true)
    throw new InvalidSignature(`${name} was called while the values of another box were encoded`);
}

function unexpected(tag: Uint8Array, why: string): UnexpectedAnswer {
  const shown = JSON.stringify(utf8Lenient.decode(tag.subarray(0, 64)));
  return new UnexpectedAnswer(`an answer came to call ${shown}, which ${why}`);
}

/** Reads an error box. @throws MalformedAmpBox if it has no code or no description */
export function readError(frame: Frame): { readonly code: string; readonly description: string } {
  const code = valueAt(frame, errorCode);
  const description = valueAt(frame, errorDescription);
  if (code === undefined || description === undefined) {
    throw new MalformedAmpBox("an error box without _error_code or _error_description was received");
  }
  return { code: keyToText(code), description: utf8Lenient.decode(description) };
}

function valueAt(frame: Frame, key: FixedBytes): Uint8Array | undefined {
  const index = frame.indexOf(key);
  return index < 0 ? undefined : frame.value(index);
}
