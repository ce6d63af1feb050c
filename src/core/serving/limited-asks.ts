/**
 * The asks in progress, and those over the limits: queued, refused, or not read.
 *
 * At a limit this end stops reading, unless a call of its own waits for an answer: its responders may wait for that answer,
 * and so may the peer's. Then it reads on, and queues asks; beyond `maxBytesInProgress` it refuses them.
 */
import type { Port } from "../calls/port.ts";
import { LimitExceeded } from "../errors/caller.ts";
import { UNAVAILABLE_ERROR_CODE } from "../errors/wire-codes.ts";
import { weightOf } from "../wire/elements.ts";
import { copiedBytes, type Frame } from "../wire/frame.ts";
import { frameOfBytes } from "../wire/frame-of.ts";
import { writeError } from "./answers.ts";
import { Pause } from "./pause.ts";
import type { SharedBudget } from "./shared-budget.ts";

export abstract class LimitedAsks {
  readonly #port: Port;
  #budget: SharedBudget | undefined;
  #pause: Pause | undefined;
  /** Limits have stopped the reading for some time: asks are read and queued. */
  #isLongPause = false;
  /** Encoded asks. Created when it is first needed. */
  #queue: Uint8Array[] | undefined;
  /** Number of asks at the beginning of the queue that were served: removing each of them would cost quadratic time. */
  #served = 0;
  /** Asks whose responders run asynchronously. */
  #running = 0;
  /** Weight of the running and queued asks. */
  #weight = 0;
  /** Asks that are queued or whose responders have not finished. */
  inProgress = 0;
  /** Number of asks that have finished: it grows while there is progress. */
  finished = 0;
  /** True if a limit on asks is reached. */
  full = false;
  /** True if a limit on bytes is reached: nothing more is queued. */
  refuses = false;

  /** @param budget the asks in progress of all connections of a server */
  constructor(port: Port, budget: SharedBudget | undefined) {
    this.#port = port;
    this.#budget = budget;
    budget?.join();
  }

  protected abstract serve(frame: Frame): void;

  protected get isOverLimit(): boolean {
    return this.full === true || this.#port.isBehind === true;
  }

  protected get mayServeOverLimit(): boolean {
    return !this.refuses && this.#mayServe();
  }

  protected queueOrRefuse(frame: Frame): void {
    if (this.refuses) this.#refuse(frame);
    else this.#enqueue(frame);
  }

  /** The responder of an ask has returned a promise. @param weight the bytes that the ask takes */
  protected began(weight: number): void {
    this.inProgress++;
    this.#running++;
    this.#addWeight(weight);
  }

  protected finish(weight: number): void {
    this.inProgress--;
    this.#running--;
    this.finished++;
    this.#addWeight(-weight);
    this.continueQueue();
  }

  ended(): void {
    this.#pause?.stop();
    this.#budget?.add(-this.#weight);
    this.#budget?.leave();
    this.#budget = undefined; // responders that finish later have no weight any more
    this.#queue = undefined;
  }

  get readsAhead(): boolean {
    return this.#isLongPause && !this.refuses;
  }

  readEnded(): void {
    if (!this.full) {
      this.#isLongPause = false;
      return;
    }
    this.#pause ??= new Pause(this.#port, this, () => {
      this.#isLongPause = true;
      this.#port.finished();
    });
    this.#pause.begin();
  }

  #enqueue(frame: Frame): void {
    const bytes = copiedBytes(frame.bytes, frame.start, frame.cursor);
    this.#queue ??= [];
    this.#queue.push(bytes);
    this.inProgress++;
    this.#addWeight(queuedWeight(bytes));
  }

  /** @throws LimitExceeded for an ask that wants no answer: its caller would not learn that it was not executed */
  #refuse(frame: Frame): void {
    if (frame.ask < 0) {
      throw new LimitExceeded(
        `${this.#weight} bytes of asks are in progress, and an ask wants no answer: the limit is maxBytesInProgress`,
      );
    }
    const tag = { bytes: frame.bytes, start: frame.valueStart(frame.ask), end: frame.valueEnd(frame.ask) };
    const text = "not executed: too many bytes of asks are in progress";
    writeError(this.#port.out, tag, UNAVAILABLE_ERROR_CODE, text);
    this.#port.written();
  }

  serveQueue(): void {
    while (this.#queue !== undefined) this.#serveNext(this.#queue);
  }

  continueQueue(): void {
    while (this.#queue !== undefined && this.#mayServe()) this.#serveNext(this.#queue);
  }

  /**
   * If all running responders may wait for calls to the peer, the peer may wait for the asks that are queued: they are served
   * over the limit, or both ends would wait forever. `maxBytesInProgress` limits them.
   */
  #mayServe(): boolean {
    const { isBehind, limits, waitingCalls } = this.#port;
    if (isBehind) return false;
    return this.#running < limits.maxAsksInProgress || waitingCalls >= this.#running;
  }

  #serveNext(queue: Uint8Array[]): void {
    const bytes = queue[this.#served++] as Uint8Array; // a queue is not empty
    if (this.#served === queue.length) {
      this.#queue = undefined;
      this.#served = 0;
    }
    this.inProgress--;
    this.#addWeight(-queuedWeight(bytes));
    this.serve(frameOfBytes(bytes));
  }

  /** @param more negative for an ask that has finished */
  #addWeight(more: number): void {
    const { maxAsksInProgress, maxBytesInProgress } = this.#port.limits;
    this.#weight += more;
    this.#budget?.add(more);
    this.refuses = this.#weight >= maxBytesInProgress || this.#budget?.isExceededBy(this.#weight) === true;
    this.full = this.refuses || this.#running >= maxAsksInProgress;
  }
}

/** A queued ask takes its bytes, and an array for them. */
function queuedWeight(bytes: Uint8Array): number {
  return weightOf(bytes.length, 0, 1);
}
