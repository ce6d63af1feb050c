/** How a connection ends: in order, when nothing is in progress any more, or at once. */
import { LINGER } from "../dispatch/linger.ts";
import { AmpError } from "../errors/amp-error.ts";
import { reasonOf } from "../errors/thrown.ts";
import { ConnectionClosed, ConnectionLost } from "../errors/transport.ts";
import type { Parts } from "./parts.ts";
import type { Transition } from "./states.ts";

export class Ending {
  readonly #parts: Parts;
  /** Runs from `close()` to the end of our side, then to the end of the peer's. */
  #linger: unknown;
  /** Resolves with the reason when the transport is gone, or somebody else's. */
  readonly closed: Promise<Error>;
  #resolveClosed: (reason: Error) => void = () => {};

  constructor(parts: Parts) {
    this.#parts = parts;
    this.closed = new Promise((resolve) => {
      this.#resolveClosed = resolve;
    });
  }

  /** In order: what is in progress comes to its end. */
  close(): void {
    const { driver, standing } = this.#parts;
    driver.afterwards(() => {
      if (standing.state !== "open") return;
      standing.ends(new ConnectionClosed("the connection was closed here"));
      standing.move("close");
      this.finish();
      if (standing.rules.reads) this.#hearOut();
    });
  }

  /** What the peer asks meanwhile is served, for a while: or whoever asks without end would keep the connection for ever. */
  #hearOut(): void {
    const { clock, dispatcher, input, standing } = this.#parts;
    this.#linger = clock.setTimeout(() => {
      if (dispatcher.outstanding.size > 0) return this.#hearOut(); // our own calls: their answers are waited for
      standing.stopReading();
      input.read();
    }, LINGER);
  }

  destroy(reason: Error): void {
    const { standing, transport } = this.#parts;
    if (standing.state === "switched") return; // the stream is somebody else's
    this.fail(reason);
    transport.destroy();
  }

  /** The peer has ended its side, and all that it sent was read. */
  streamEnded(): void {
    const { dispatcher, input, standing } = this.#parts;
    try {
      input.end();
    } catch (cause) {
      return this.fail(new ConnectionLost(`the peer closed the connection: ${reasonOf(cause)}`, { cause }));
    }
    const reason = new ConnectionClosed("the peer closed the connection");
    if (standing.rules.output === "held") return this.fail(reason);
    standing.ends(reason);
    dispatcher.outstanding.rejectAll(standing.whyClosed());
    if (standing.state === "open") standing.move("close");
  }

  /** Ends our side, when it is time. */
  finish(): void {
    const { dispatcher, standing } = this.#parts;
    if (standing.state !== "closing") return;
    const { outstanding, incoming } = dispatcher;
    if (outstanding.size === 0 && incoming.inProgress === 0) this.#end("finished", standing.whyClosed());
  }

  fail(reason: Error): void {
    if (this.#parts.standing.mayFail) this.#end("fail", reason);
  }

  /** AMP is over. What was written still goes out; what was held does not. */
  #end(transition: Transition, reason: Error): void {
    const { clock, deadline, dispatcher, driver, input, liveness, output, standing, transport } = this.#parts;
    standing.ends(reason);
    if (standing.rules.output === "sent") output.flush();
    standing.move(transition);
    output.drop();
    driver.lost(reason);
    dispatcher.outstanding.rejectAll(reason);
    standing.over(reason);
    liveness?.stop();
    deadline?.stop();
    transport.end();
    input.discard();
    clock.clearTimeout(this.#linger);
    this.#linger = clock.setTimeout(() => transport.destroy(), LINGER); // for the peer to end its side
  }

  /** The stream speaks another protocol now: AMP is over, and ends nothing of it. */
  handedOver(): void {
    const { connection, deadline, dispatcher, liveness, options, output, standing } = this.#parts;
    const reason = standing.whyClosed();
    liveness?.stop();
    deadline?.stop();
    output.drop();
    dispatcher.outstanding.rejectAll(reason);
    this.#resolveClosed(reason);
    // Not at once: that the change was made is told first.
    void this.closed.then(() => options.observer?.connectionClosed(connection, reason));
  }

  /** The transport is gone. */
  lost(cause: Error | undefined): void {
    const { clock, connection, options, standing } = this.#parts;
    this.fail(standing.reason ?? whyLost(cause));
    if (this.#linger !== undefined) clock.clearTimeout(this.#linger);
    const reason = standing.whyClosed();
    this.#resolveClosed(reason); // told below, where whoever is told may throw
    options.observer?.connectionClosed(connection, reason);
  }
}

function whyLost(cause: Error | undefined): AmpError {
  if (cause instanceof AmpError) return cause; // the transport has found out what it means: see TransportReceiver
  if (cause !== undefined) return new ConnectionLost(`the connection was lost: ${cause.message}`, { cause });
  return new ConnectionClosed("the connection was closed");
}
