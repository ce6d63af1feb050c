/** The end of a connection: in order, when nothing is in progress any more, or at once. */
import { AmpError } from "../errors/amp-error.ts";
import { messageOf } from "../errors/to-error.ts";
import { ConnectionClosed, ConnectionLost } from "../errors/transport.ts";
import type { Kernel } from "./feature.ts";
import type { ChangeKind, Transition } from "./states.ts";

/**
 * Milliseconds in which `close()` waits for the answer to GoAway and serves what the peer asks; and, after this end has ended
 * its side of the stream, in which the peer may end its own.
 */
const CLOSE_GRACE_MS = 2_000;

/** The kernel as its end sees it: more than features see. */
interface EndingKernel extends Kernel {
  changeKind: ChangeKind | undefined;
  closeWanted: boolean;
  reason: Error | undefined;
  stopFeatures(reason: Error): void;
  delaysClosing(timeout: number, done: () => void): boolean;
}

export class Ending {
  readonly #kernel: EndingKernel;
  #graceTimer: unknown;
  /** The time at which the grace period is over; undefined before `close()`. */
  #graceOver: number | undefined;
  /** `close()` waits for the answer to GoAway. The connection is still open, but accepts no calls. */
  #isDelayed = false;
  #callsEnded: Promise<Error> | undefined;
  /** Resolves {@link callsEnded}, if a program waits for it. */
  reportCallsEnded: ((reason: Error) => void) | undefined = undefined;
  /** Resolves with the reason when the transport is lost, or was given to another protocol. */
  readonly closed: Promise<Error>;
  #resolveClosed: (reason: Error) => void = () => {};

  constructor(kernel: EndingKernel) {
    this.#kernel = kernel;
    this.closed = new Promise((resolve) => {
      this.#resolveClosed = resolve;
    });
  }

  /** Resolves with the reason when no call is accepted any more. Created when it is first needed. */
  get callsEnded(): Promise<Error> {
    this.#callsEnded ??= new Promise((resolve) => {
      const { callsEnded } = this.#kernel;
      if (callsEnded === undefined) this.reportCallsEnded = resolve;
      else resolve(callsEnded);
    });
    return this.#callsEnded;
  }

  /** Ends the connection when what is in progress has finished. A protocol change under way is waited for. */
  close(): void {
    const kernel = this.#kernel;
    kernel.serving.announceClosing(new ConnectionClosed("the connection is being closed here"));
    if (this.#isDelayed) return;
    if (kernel.changeKind !== undefined) {
      kernel.closeWanted = true;
      return;
    }
    if (kernel.state !== "open") return;
    if (this.#graceOver === undefined) {
      this.#graceOver = kernel.clock.now() + CLOSE_GRACE_MS;
      kernel.reason ??= new ConnectionClosed("the connection was closed here");
      // The connection stays open meanwhile: in the state `closing` it would refuse a StartTLS that crosses the ask.
      this.#isDelayed = kernel.delaysClosing(CLOSE_GRACE_MS, () => {
        this.#isDelayed = false;
        this.close();
      });
      if (this.#isDelayed) return kernel.endCalls(kernel.reason);
    }
    kernel.move("close");
    this.finish();
    if (kernel.rules.reads) this.#startGrace(Math.max(0, this.#graceOver - kernel.clock.now()));
  }

  /** A peer that keeps asking must not keep the connection open: its asks are read for a limited time. */
  #startGrace(milliseconds: number): void {
    const kernel = this.#kernel;
    this.#graceTimer = kernel.clock.setTimeout(() => {
      if (kernel.calls.pending.size > 0) return this.#startGrace(CLOSE_GRACE_MS); // their answers are still to be read
      kernel.move("graceOver");
      this.finish();
    }, milliseconds);
  }

  destroy(reason: Error): void {
    const { state, transport } = this.#kernel;
    if (state === "switched") return; // the stream belongs to another protocol
    this.fail(reason);
    transport.destroy();
  }

  /** Called when the peer has ended its side of the stream, and everything that it sent was read. */
  streamEnded(): void {
    const kernel = this.#kernel;
    try {
      kernel.inbox.reader.end();
    } catch (cause) {
      return this.fail(new ConnectionLost(`the peer closed the connection: ${messageOf(cause)}`, { cause }));
    }
    const reason = new ConnectionClosed("the peer closed the connection");
    if (kernel.rules.boxes === "queued") return this.fail(reason);
    kernel.reason ??= reason;
    kernel.calls.pending.rejectAll(kernel.whyClosed());
    if (kernel.state === "open") kernel.move("close");
  }

  /** Ends this end's side of the stream if nothing is in progress any more. */
  finish(): void {
    const { calls, rules, serving } = this.#kernel;
    if (rules.next.finished === undefined) return;
    if (calls.pending.size === 0 && serving.inProgress === 0) this.#end("finished", this.#kernel.whyClosed());
  }

  fail(reason: Error): void {
    if (this.#kernel.rules.next.fail !== undefined) this.#end("fail", reason);
  }

  /** Ends AMP. What was written is still sent; what is queued is not. */
  #end(transition: Transition, reason: Error): void {
    const kernel = this.#kernel;
    const { clock, inbox, outbox, transport } = kernel;
    kernel.reason ??= reason;
    outbox.flush();
    this.stop(transition, reason);
    kernel.serving.abort(reason);
    clock.clearTimeout(this.#graceTimer);
    this.#graceTimer = clock.setTimeout(() => transport.destroy(), CLOSE_GRACE_MS);
    transport.end();
    inbox.discard();
  }

  /** Ends AMP. The transport is not changed. */
  stop(transition: Transition, reason: Error): void {
    const kernel = this.#kernel;
    kernel.changeKind = undefined;
    kernel.move(transition);
    kernel.outbox.drop();
    kernel.stopFeatures(reason);
    kernel.calls.pending.rejectAll(reason);
  }

  /** Called when the transport is lost. */
  lost(cause: Error | undefined): void {
    const kernel = this.#kernel;
    if (kernel.reason === undefined) this.#explainLoss(whyLost(cause));
    else this.fail(kernel.reason);
    kernel.clock.clearTimeout(this.#graceTimer);
    this.report(kernel.whyClosed());
  }

  #explainLoss(reason: AmpError): void {
    // The transport has explained the violation, for example a text message on a WebSocket.
    if (reason.fault !== "transport") this.#kernel.violated(reason);
    else this.fail(reason);
  }

  /** Tells the program that the connection has ended. */
  report(reason: Error): void {
    const { connection, observer } = this.#kernel;
    this.#resolveClosed(reason); // before the observer is called, which may throw
    observer?.connectionClosed?.(connection, reason);
  }
}

function whyLost(cause: Error | undefined): AmpError {
  if (cause instanceof AmpError) return cause; // the transport has explained it: see TransportReceiver
  if (cause !== undefined)
    return new ConnectionLost(`the connection was lost: ${messageOf(cause)}`, { cause });
  return new ConnectionClosed("the connection was closed");
}
