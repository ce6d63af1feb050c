/** How a connection ends: in order, when nothing is in progress any more, or at once. */

import { AmpError } from "../errors/amp-error.ts";
import { messageOf } from "../errors/to-error.ts";
import { ConnectionClosed, ConnectionLost } from "../errors/transport.ts";
import type { Kernel } from "./kernel.ts";
import { CLOSE_GRACE_MS } from "./linger.ts";
import type { Transition } from "./states.ts";

export class Ending {
  readonly #kernel: Kernel;
  /** Runs from `close()` to the end of our side, then to the end of the peer's. */
  #linger: unknown;
  /** Resolves with the reason when the transport is gone, or somebody else's. */
  readonly closed: Promise<Error>;
  #resolveClosed: (reason: Error) => void = () => {};

  constructor(kernel: Kernel) {
    this.#kernel = kernel;
    this.closed = new Promise((resolve) => {
      this.#resolveClosed = resolve;
    });
  }

  /** In order: what is in progress comes to its end. */
  close(): void {
    const kernel = this.#kernel;
    const close = () => {
      if (kernel.state !== "open") return;
      kernel.reason ??= new ConnectionClosed("the connection was closed here");
      kernel.move("close");
      this.finish();
      if (kernel.rules.reads) this.#hearOut();
    };
    if (kernel.changes === undefined) close();
    else kernel.changes.afterwards(close);
  }

  /** What the peer asks meanwhile is served, for a while: or whoever asks without end would keep the connection for ever. */
  #hearOut(): void {
    const kernel = this.#kernel;
    const { clock, dispatcher, inbox: input } = kernel;
    this.#linger = clock.setTimeout(() => {
      if (dispatcher.outstanding.size > 0) return this.#hearOut(); // our own calls: their answers are waited for
      kernel.stopReading();
      input.read();
    }, CLOSE_GRACE_MS);
  }

  destroy(reason: Error): void {
    const { state, transport } = this.#kernel;
    if (state === "switched") return; // the stream is somebody else's
    this.fail(reason);
    transport.destroy();
  }

  /** The peer has ended its side, and all that it sent was read. */
  streamEnded(): void {
    const kernel = this.#kernel;
    const { dispatcher, inbox: input } = kernel;
    try {
      input.end();
    } catch (cause) {
      return this.fail(new ConnectionLost(`the peer closed the connection: ${messageOf(cause)}`, { cause }));
    }
    const reason = new ConnectionClosed("the peer closed the connection");
    if (kernel.rules.output === "held") return this.fail(reason);
    kernel.reason ??= reason;
    dispatcher.outstanding.rejectAll(kernel.whyClosed());
    if (kernel.state === "open") kernel.move("close");
  }

  /** Ends our side, when it is time. */
  finish(): void {
    const kernel = this.#kernel;
    if (kernel.state !== "closing") return;
    const { outstanding, incoming } = kernel.dispatcher;
    if (outstanding.size === 0 && incoming.inProgress === 0) this.#end("finished", kernel.whyClosed());
  }

  fail(reason: Error): void {
    if (this.#kernel.mayFail) this.#end("fail", reason);
  }

  /** AMP is over. What was written still goes out; what was held does not. */
  #end(transition: Transition, reason: Error): void {
    const kernel = this.#kernel;
    const { clock, dispatcher, inbox: input, outbox: output, transport } = kernel;
    kernel.reason ??= reason;
    if (kernel.rules.output === "sent") output.flush();
    kernel.move(transition);
    output.drop();
    kernel.stop(reason);
    dispatcher.outstanding.rejectAll(reason);
    kernel.abortSignals(reason);
    transport.end();
    input.discard();
    clock.clearTimeout(this.#linger);
    this.#linger = clock.setTimeout(() => transport.destroy(), CLOSE_GRACE_MS); // for the peer to end its side
  }

  /** The stream speaks another protocol now: AMP is over, and ends nothing of it. */
  handedOver(): void {
    const kernel = this.#kernel;
    const { connection, dispatcher, options, outbox: output } = kernel;
    const reason = kernel.whyClosed();
    kernel.stop(reason);
    output.drop();
    dispatcher.outstanding.rejectAll(reason);
    this.#resolveClosed(reason);
    // Not at once: that the change was made is told first.
    void this.closed.then(() => options.observer?.connectionClosed(connection, reason));
  }

  /** The transport is gone. */
  lost(cause: Error | undefined): void {
    const kernel = this.#kernel;
    const { clock, connection, options } = kernel;
    this.fail(kernel.reason ?? whyLost(cause));
    if (this.#linger !== undefined) clock.clearTimeout(this.#linger);
    const reason = kernel.whyClosed();
    this.#resolveClosed(reason); // told below, where whoever is told may throw
    options.observer?.connectionClosed(connection, reason);
  }
}

function whyLost(cause: Error | undefined): AmpError {
  if (cause instanceof AmpError) return cause; // the transport has found out what it means: see TransportReceiver
  if (cause !== undefined) return new ConnectionLost(`the connection was lost: ${cause.message}`, { cause });
  return new ConnectionClosed("the connection was closed");
}
