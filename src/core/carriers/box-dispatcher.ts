/**
 * Calls and responders over any sender of boxes: for a carrier of your own that has boxes but no byte stream
 * (a message queue, a pipe of objects). Over a byte stream a Connection does all this and more.
 */

import { Dispatcher } from "../calls/dispatcher.ts";
import type { Host } from "../calls/port.ts";
import { TypedCalls } from "../calls/typed-calls.ts";
import type { AmpConnection, AnyCommand, CallOptions } from "../command/types.ts";
import type { BoxReceiver, BoxSender } from "../connection/box-interfaces.ts";
import { CLOSE_GRACE_MS } from "../connection/linger.ts";
import { TLSNotAvailable } from "../errors/caller.ts";
import { toError } from "../errors/to-error.ts";
import { ConnectionClosed, ConnectionLost } from "../errors/transport.ts";
import { locator as emptyLocator, type ResponderLocator } from "../serving/locator.ts";
import { ConnectionContext, Lifetime } from "../serving/responder-context.ts";
import { Serving } from "../serving/serving.ts";
import type { Clock } from "../transport.ts";
import type { Box } from "../wire/box.ts";
import { UNBOUNDED } from "../wire/box-limits.ts";
import { ByteWriter } from "../wire/byte-writer.ts";
import { frameOfBox } from "../wire/frame-of.ts";
import { COMMAND } from "../wire/protocol-keys.ts";
import { parseBoxes } from "../wire/reader.ts";

/** Calls and responders over a sender of boxes. Give it to that as its receiver. */
export class BoxDispatcher extends TypedCalls implements BoxReceiver, AmpConnection {
  readonly #dispatcher: Dispatcher;
  readonly #lifetime = new Lifetime();
  readonly #out = new ByteWriter();
  #sender: BoxSender | undefined;
  #reason: Error | undefined;
  /** What is in progress is finished, and nothing new is called. */
  #closing = false;
  /** The peer has been heard out: what it still says is not looked at. */
  #deaf = false;
  readonly #clock: Clock | undefined;
  #linger: unknown;
  readonly closed: Promise<Error>;
  #resolveClosed: (reason: Error) => void = () => {};
  // A sender of boxes has no TLS that we could know of.
  readonly secure = false;
  readonly tls = undefined;
  readonly peerCertificate = undefined;
  readonly hostCertificate = undefined;

  /**
   * @param locator who answers the peer's asks; default nobody
   * @param clock needed for calls with a `timeout`, and for `close()` to end while the peer goes on asking
   */
  constructor(locator: ResponderLocator = emptyLocator(), clock?: Clock) {
    super();
    this.#clock = clock;
    this.closed = new Promise((resolve) => {
      this.#resolveClosed = resolve;
    });
    const dispatcher = this;
    const host: Host = {
      out: this.#out,
      context: new ConnectionContext(this, this.#lifetime),
      survivesUndeclaredErrors: false,
      observer: undefined,
      get alive() {
        return dispatcher.#sender !== undefined && dispatcher.#reason === undefined;
      },
      written: () => this.#send(),
      refusal: () => undefined,
      report: (error) => this.#sender?.unhandledError(error),
      quit: (reason) => this.destroy(reason),
      changeAsked: (ask) => ask.fail(noChange()),
      finished: () => this.#finish(),
    };
    this.#dispatcher = new Dispatcher(host, new Serving(host, locator), clock);
  }

  startReceivingBoxes(sender: BoxSender): void {
    this.#sender = sender;
  }

  /** @throws NoEmptyBoxes, MalformedAmpBox, UnexpectedAnswer: the peer has broken the protocol */
  boxReceived(box: Box): void {
    if (this.#reason !== undefined || this.#deaf) return; // nobody waits for it, and nothing is served any more
    this.#dispatcher.receive(frameOfBox(box));
    this.#finish();
  }

  stopReceivingBoxes(reason: Error): void {
    this.destroy(reason);
  }

  protected override call(
    command: AnyCommand,
    values: Readonly<Record<string, unknown>>,
    options: CallOptions,
  ): Promise<unknown> | undefined {
    if (!this.#ready) return command.requiresAnswer ? Promise.reject(this.#whyNot()) : undefined;
    if (command.change !== undefined) return Promise.reject(noChange());
    return this.#dispatcher.call(command, values, options);
  }

  protected override callString(
    name: string,
    box: Box,
    requiresAnswer: boolean,
    options: CallOptions,
  ): Promise<Box> | undefined {
    if (!this.#ready) return requiresAnswer ? Promise.reject(this.#whyNot()) : undefined;
    return this.#dispatcher.callString(name, box, requiresAnswer, options);
  }

  startTLS(): Promise<void> {
    return Promise.reject(new TLSNotAvailable("boxes without a byte stream cannot be encrypted here"));
  }

  /** Calls in progress reject; the sender is the caller's to close. */
  destroy(reason: Error = new ConnectionClosed("the dispatcher was destroyed here")): void {
    if (this.#reason !== undefined) return;
    this.#reason = reason;
    this.#dispatcher.outstanding.rejectAll(reason);
    this.#lifetime.end(reason);
    if (this.#linger !== undefined) this.#clock?.clearTimeout(this.#linger);
    this.#resolveClosed(reason);
  }

  /**
   * Ends when nothing is in progress any more, in either direction. What the peer asks meanwhile is served for two seconds,
   * or for as long as calls of ours wait; without a clock for as long as it asks, so that a peer which never lets up keeps
   * the dispatcher open until `destroy`.
   */
  close(): Promise<void> {
    if (!this.#closing) {
      this.#closing = true;
      this.#finish();
      if (this.#reason === undefined) this.#hearOut();
    }
    return this.closed.then(() => undefined);
  }

  #hearOut(): void {
    this.#linger = this.#clock?.setTimeout(() => {
      if (this.#dispatcher.outstanding.size > 0) this.#hearOut();
      else this.#deaf = true;
    }, CLOSE_GRACE_MS);
  }

  /** Ends, when nothing is in progress any more. */
  #finish(): void {
    const { outstanding, incoming } = this.#dispatcher;
    if (this.#closing && outstanding.size === 0 && incoming.inProgress === 0)
      this.destroy(new ConnectionClosed("the dispatcher was closed here"));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  get #ready(): boolean {
    return this.#sender !== undefined && this.#reason === undefined && !this.#closing;
  }

  #whyNot(): Error {
    if (this.#reason !== undefined) return this.#reason;
    return new ConnectionClosed(
      this.#closing ? "the dispatcher was closed here" : "no sender of boxes has been given yet",
    );
  }

  #send(): void {
    const boxes = parseBoxes(this.#out.copy(), UNBOUNDED);
    this.#out.length = 0;
    for (const box of boxes) {
      try {
        this.#sender?.sendBox(box);
      } catch (error) {
        // A call that the sender refuses is its caller's to know of; an answer that is lost the peer would wait for.
        if (box.has(COMMAND) && !(error instanceof ConnectionLost)) throw error;
        this.destroy(toError(error));
      }
    }
  }
}

function noChange(): TLSNotAvailable {
  return new TLSNotAvailable("boxes without a byte stream cannot change their protocol");
}
