/**
 * Calls and responders over any sender of boxes: for a carrier that has boxes but no byte stream, for example a message
 * queue. It is a connection like any other, over a transport that passes one box with each write.
 */

import { ownError } from "../calls/rejection.ts";
import type { AnyCommand, CallOptions } from "../command/types.ts";
import type { BoxReceiver, BoxSender } from "../connection/box-interfaces.ts";
import { BaseConnection, kernelOf } from "../connection/connection.ts";
import type { ConnectionOptions } from "../connection/options.ts";
import { reportError } from "../connection/report.ts";
import { InvalidSignature, TLSNotAvailable } from "../errors/caller.ts";
import { toError } from "../errors/to-error.ts";
import { ConnectionClosed, ConnectionLost } from "../errors/transport.ts";
import { checkOptionNames } from "../option-names.ts";
import type { Values } from "../schema/field.ts";
import type { ResponderLocator } from "../serving/locator.ts";
import { serving } from "../serving/serving.ts";
import type { Clock, Transport, TransportReceiver } from "../transport.ts";
import { Box } from "../wire/box.ts";
import { UNBOUNDED } from "../wire/box-limits.ts";
import { frameOfBox } from "../wire/frame-of.ts";
import { COMMAND } from "../wire/protocol-keys.ts";
import { parseBoxes } from "../wire/reader.ts";
import { isMap, wrongType } from "../wire/value-text.ts";

/** Options of a BoxDispatcher besides its locator: those of a connection that do not concern a byte stream. */
export type BoxDispatcherOptions = Pick<
  ConnectionOptions,
  "limits" | "requireTLS" | "callTimeout" | "callStacks" | "closeOnUndeclaredError" | "onError" | "observer"
>;

/** Names of the {@link BoxDispatcherOptions}. */
export const DISPATCHER_OPTIONS = [
  "limits",
  "requireTLS",
  "callTimeout",
  "callStacks",
  "closeOnUndeclaredError",
  "onError",
  "observer",
] as const;

/** Clock without timers: no timeout is reached. */
const NO_CLOCK: Clock = { now: () => Date.now(), setTimeout: () => undefined, clearTimeout() {} };

/** Calls and responders over a sender of boxes. Give it to the sender as its receiver. */
export class BoxDispatcher extends BaseConnection implements BoxReceiver {
  readonly #carrier: BoxCarrier;
  readonly #hasClock: boolean;

  /**
   * @param locator responders for the peer's asks; default none
   * @param clock needed for calls with a `timeout`, and for `close()` to end while the peer keeps asking
   * @throws TypeError, RangeError for invalid options
   */
  constructor(locator?: ResponderLocator, clock?: Clock, options: BoxDispatcherOptions = {}) {
    checkOptionNames("BoxDispatcher", options, DISPATCHER_OPTIONS);
    // A JavaScript program may pass a value of any type.
    if (clock !== undefined && typeof clock?.setTimeout !== "function")
      throw new TypeError("BoxDispatcher: the second argument must be a Clock, with the method setTimeout");
    const carrier = new BoxCarrier();
    const { onError } = options;
    super(
      carrier,
      clock ?? NO_CLOCK,
      {
        ...options,
        locator,
        onError(error, about) {
          const { sender } = carrier;
          if (sender === undefined || onError !== undefined) reportError(onError, error, about);
          sender?.unhandledError(error, about.command);
        },
      },
      serving,
      [],
    );
    this.#carrier = carrier;
    this.#hasClock = clock !== undefined;
    carrier.refused = (reason) => this.destroy(reason);
  }

  /** @throws InvalidSignature for a value that cannot send boxes, and for a second sender: answers to the peer of the first one would go to the second one */
  startReceivingBoxes(sender: BoxSender): void {
    // A JavaScript program may pass a value of any type.
    if (typeof sender?.sendBox !== "function")
      throw wrongType("startReceivingBoxes: the sender", "an object with the method sendBox", sender);
    const { sender: first } = this.#carrier;
    if (first !== undefined && first !== sender)
      throw new InvalidSignature(
        "this BoxDispatcher has a sender already: create a BoxDispatcher for each connection",
      );
    this.#carrier.sender = sender;
  }

  /** @throws NoEmptyBoxes, MalformedAmpBox, UnexpectedAnswer, LimitExceeded: the peer has violated the protocol or a limit */
  boxReceived(box: Box): void {
    const kernel = kernelOf(this);
    if (!kernel.rules.reads) return; // it has ended, or the peer's asks are no longer read
    // A JavaScript program may pass a record, which is what a box is made of.
    kernel.receive(frameOfBox(isMap(box) ? box : new Box(box)));
    kernel.ending.finish();
  }

  stopReceivingBoxes(reason: Error): void {
    this.destroy(reason);
  }

  protected override call(
    command: AnyCommand,
    values: Values,
    options: CallOptions,
  ): Promise<unknown> | undefined {
    const problem = this.#problem(options, command.name);
    if (problem !== undefined) return command.requiresAnswer ? Promise.reject(problem) : undefined;
    if (command.change !== undefined) return Promise.reject(noChange());
    return super.call(command, values, options);
  }

  protected override callString(
    name: string,
    box: Box,
    requiresAnswer: boolean,
    options: CallOptions,
  ): Promise<Box> | undefined {
    const problem = this.#problem(options, name);
    if (problem !== undefined) return requiresAnswer ? Promise.reject(problem) : undefined;
    return super.callString(name, box, requiresAnswer, options);
  }

  #problem({ timeout }: CallOptions, name: string): Error | undefined {
    if (this.#carrier.sender === undefined && this.acceptsCalls)
      return ownError(
        new ConnectionClosed("no sender of boxes has been given: call startReceivingBoxes first"),
        name,
      );
    if (timeout !== undefined && !this.#hasClock)
      return new TypeError("a call with a timeout needs a clock: pass one to the BoxDispatcher");
    return undefined;
  }

  override startTLS(): Promise<void> {
    return Promise.reject(noChange());
  }
}

/** A transport whose every write is one box, which it gives to the sender. */
class BoxCarrier implements Transport {
  readonly oneBoxPerWrite = true;
  readonly unsent = 0;
  readonly undelivered = 0;
  sender: BoxSender | undefined;
  /** Called if the sender does not take an answer: its call would wait forever. */
  refused: (reason: Error) => void = () => {};
  #receiver: TransportReceiver | undefined;

  start(receiver: TransportReceiver): void {
    this.#receiver = receiver;
  }

  /** @throws what the sender throws for a call, which then rejects */
  write(...chunks: readonly Uint8Array[]): void {
    // A copy, which the sender may keep: the connection writes the next box into the same bytes.
    for (const box of parseBoxes(joined(chunks), UNBOUNDED)) {
      try {
        this.sender?.sendBox(box);
      } catch (error) {
        if (box.has(COMMAND) && !(error instanceof ConnectionLost)) throw error;
        this.refused(toError(error));
      }
    }
  }

  flushed(): Promise<void> {
    return Promise.resolve();
  }

  pause(): void {}
  resume(): void {}

  /** The sender belongs to the program, which closes it. */
  end(): void {
    this.destroy();
  }

  destroy(): void {
    const receiver = this.#receiver;
    this.#receiver = undefined;
    receiver?.lost();
  }
}

function joined(chunks: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(chunks.reduce((length, chunk) => length + chunk.length, 0));
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.length;
  }
  return whole;
}

function noChange(): TLSNotAvailable {
  return new TLSNotAvailable("boxes without a byte stream cannot change their protocol");
}
