/** One call over NATS: its attempts, the waits between them, and its end. */
import { CallTimeout, TLSRequired } from "../core/errors/caller.ts";
import { UnhandledCommand } from "../core/errors/peer.ts";
import { toError } from "../core/errors/to-error.ts";
import { ConnectionClosed, ResponderLost } from "../core/errors/transport.ts";
import type { AbortSignalLike } from "../core/platform.ts";
import { limitTime } from "../core/time-limit.ts";
import type { BoxLimits } from "../core/wire/box-limits.ts";
import type { Frame } from "../core/wire/frame.ts";
import { frameOfBytes } from "../core/wire/frame-of.ts";
import { retagged, type TaggedBox, taggedBox } from "./boxes.ts";
import { NoReceiver, NoResponders, NotPermitted } from "./errors.ts";
import type { SizedHeaders } from "./headers.ts";
import type { Attempt, Link } from "./link.ts";
import type { NatsMessage } from "./nats-connection.ts";
import { anyWorker } from "./ping.ts";
import type { WaitingCalls } from "./waiting-calls.ts";

/** Rules for the attempts of all calls of one caller. */
export interface CallRules {
  /** Service to ask whether it has any worker, if no worker serves a command. Undefined for calls to a client. */
  readonly service: string | undefined;
  /** True if the subject has one subscriber, which does not come back when it has gone. */
  readonly isFixed: boolean;
  readonly patience: number;
  readonly maxAttempts: number;
  readonly silence: number;
  readonly limits: BoxLimits;
  readonly maxElements: number;
  readonly waiting: WaitingCalls;
}

/** One call. */
export interface CallSpec {
  readonly name: string;
  readonly subject: string;
  readonly idempotent: boolean;
  /** Milliseconds; undefined for no limit. */
  readonly timeout: number | undefined;
  readonly signal: AbortSignalLike | undefined;
  /** Returns the headers of an attempt. @param left milliseconds until the call times out */
  readonly headers: ((left: number | undefined) => SizedHeaders | undefined) | undefined;
  /** Returns why the call may not be sent over the present connection to NATS, or undefined. Called before each attempt. */
  readonly secrecyProblem?: (() => string | undefined) | undefined;
  /** Called for each heartbeat of the callee. */
  readonly inProgress?: ((message: NatsMessage) => void) | undefined;
  /** Called at most once, with the answer or the error box. The frame is valid until this returns. */
  answered(frame: Frame, message: NatsMessage): void;
  /** Called at most once, if there is no answer. */
  failed(error: unknown): void;
}

/** First and longest wait between two attempts that were not executed, in milliseconds. */
const FIRST_WAIT_MS = 10;
const LONGEST_WAIT_MS = 200;

export class NatsCall implements Attempt {
  readonly #link: Link;
  readonly #rules: CallRules;
  readonly #spec: CallSpec;
  readonly #deadline: number | undefined;
  heard = 0;
  /** The ask, with the tag of the first attempt. Bytes of an ask whose tag has not been looked for. */
  #box: TaggedBox | Uint8Array | undefined;
  /** Tag of the attempt in progress. */
  #tag: number | undefined;
  /** Attempts that may have been executed. */
  #attempts = 0;
  /** Time until which attempts that were not executed are repeated; undefined before the first of them. */
  #patientUntil: number | undefined;
  #wait = FIRST_WAIT_MS;
  #isSettled = false;
  /** True if the service has workers, although no worker has got the last attempt. */
  #workersExist = false;
  /** Ends the wait for the next attempt, without starting it. */
  #endWait: (() => void) | undefined;
  #release: (() => void) | undefined;

  constructor(link: Link, rules: CallRules, spec: CallSpec) {
    this.#link = link;
    this.#rules = rules;
    this.#spec = spec;
    const { timeout, signal } = spec;
    this.#deadline = timeout === undefined ? undefined : link.clock.now() + timeout;
    if (timeout === undefined && signal === undefined) return;
    this.#release = limitTime(link.clock, { timeout, signal }, (cause) => {
      this.abandon(
        cause === "timeout"
          ? new CallTimeout(`${spec.name} was not answered within ${timeout} ms`)
          : spec.signal?.reason,
      );
    });
  }

  get subject(): string {
    return this.#spec.subject;
  }

  get silence(): number {
    return this.#rules.silence;
  }

  get limits(): BoxLimits {
    return this.#rules.limits;
  }

  /** Makes the first attempt. @param box the ask; if it is bytes, its tag is the next one of the link */
  start(box: TaggedBox | Uint8Array): void {
    this.#box = box;
    this.#attempt(box instanceof Uint8Array ? box : retagged(box, this.#link.nextTag));
  }

  /** Makes another attempt, with another tag: an answer to an earlier one must not settle it. */
  #repeat(): void {
    let box = this.#box;
    if (box === undefined) return;
    if (box instanceof Uint8Array) {
      const frame = frameOfBytes(box);
      box = taggedBox(frame, frame.ask);
      this.#box = box;
    }
    this.#attempt(retagged(box, this.#link.nextTag));
  }

  #attempt(bytes: Uint8Array): void {
    const link = this.#link;
    if (link.nats.isClosed()) return this.#giveUp(connectionClosed());
    const problem = link.watch.connected ? this.#spec.secrecyProblem?.() : undefined;
    if (problem !== undefined)
      return this.#giveUp(new TLSRequired(`${this.#spec.name} may not be sent: ${problem}`));
    const left = this.#deadline === undefined ? undefined : Math.max(0, this.#deadline - link.clock.now());
    try {
      this.#tag = link.send(this, bytes, this.#spec.headers?.(left));
    } catch (error) {
      this.failed(toError(error));
    }
  }

  get #size(): number {
    const box = this.#box;
    return box instanceof Uint8Array ? box.length : (box?.bytes.length ?? 0);
  }

  inProgress(message: NatsMessage): void {
    this.#spec.inProgress?.(message);
  }

  answered(frame: Frame, message: NatsMessage): void {
    this.#tag = undefined;
    this.#settle();
    this.#spec.answered(frame, message);
  }

  failed(error: Error): void {
    this.#tag = undefined;
    if (error instanceof NoResponders) return this.#notExecuted(error);
    if (!(error instanceof ResponderLost)) return this.#giveUp(error);
    this.#attempts++;
    if (!this.#spec.idempotent || this.#attempts >= this.#rules.maxAttempts) return this.abandon(error);
    this.#patientUntil = undefined;
    this.#wait = FIRST_WAIT_MS;
    this.#waitForNext(error);
  }

  #notExecuted(error: NoResponders): void {
    const { clock, nats } = this.#link;
    const hasGone = error instanceof NoReceiver && this.#rules.isFixed;
    if (hasGone || error instanceof NotPermitted) return this.#giveUp(error);
    if (nats.isClosed()) return this.#giveUp(connectionClosed());
    const now = clock.now();
    this.#patientUntil ??= now + this.#rules.patience;
    if (now < this.#patientUntil) return this.#waitForNext(error);
    const { service } = this.#rules;
    if (!(error instanceof NoReceiver) || service === undefined) return this.#giveUp(error);
    // No subscription for the command: either the service has no worker, or its workers do not know the command.
    if (this.#workersExist)
      return this.#giveUp(new UnhandledCommand(`no worker of ${service} serves ${this.#spec.name}`));
    void anyWorker(this.#link, service).then((exist) => {
      if (this.#isSettled) return;
      if (!exist) return this.#giveUp(error);
      this.#workersExist = true;
      this.#repeat(); // a worker may have started since the last attempt
    });
  }

  /** Waits for the next attempt: for a connection to NATS if there is none, else for a short time. */
  #waitForNext(error: Error): void {
    const { clock, watch, wakeUps } = this.#link;
    const { waiting } = this.#rules;
    const bytes = this.#size;
    try {
      waiting.add(this, bytes);
    } catch (full) {
      return this.#giveUp(toError(full));
    }
    const patientUntil = this.#patientUntil ?? clock.now() + this.#rules.patience;
    this.#patientUntil = patientUntil;
    let timer: unknown;
    const end = () => {
      clock.clearTimeout(timer);
      wakeUps.delete(next);
      waiting.delete(this, bytes);
      this.#endWait = undefined;
    };
    const next = () => {
      end();
      this.#repeat();
    };
    this.#endWait = end;
    const left = Math.max(0, patientUntil - clock.now());
    if (!watch.connected) {
      wakeUps.add(next);
      timer = clock.setTimeout(() => {
        end();
        this.#giveUp(error);
      }, left);
      return;
    }
    const wait = this.#wait * (0.5 + Math.random() / 2);
    this.#wait = Math.min(LONGEST_WAIT_MS, this.#wait * 2);
    timer = clock.setTimeout(next, Math.min(wait, left));
  }

  /** Ends the call after an attempt that was not executed. An earlier attempt may have been. */
  #giveUp(error: Error): void {
    if (this.#attempts === 0 || error instanceof ResponderLost) return this.abandon(error);
    this.abandon(
      new ResponderLost(`an earlier attempt may have been executed; the last one failed: ${error.message}`, {
        cause: error,
      }),
    );
  }

  /** Ends the call with an error. A later answer is ignored. */
  abandon(error: unknown): void {
    if (this.#isSettled) return;
    this.#settle();
    this.#spec.failed(error);
  }

  #settle(): void {
    this.#isSettled = true;
    this.#release?.();
    this.#endWait?.();
    if (this.#tag !== undefined) this.#link.drop(this.#tag);
    this.#tag = undefined;
    this.#box = undefined;
  }
}

/** The NATS connection was closed before the call was sent: not executed. */
export class NatsClosed extends ConnectionClosed {}

function connectionClosed(): NatsClosed {
  return new NatsClosed("the NATS connection is closed");
}
