/** Asks over one NATS connection. All callers of the connection share one inbox, with a subject for each attempt. */

import { TagWindow } from "../core/calls/tag-window.ts";
import { TooLong } from "../core/errors/caller.ts";
import { MalformedAmpBox, UnexpectedAnswer } from "../core/errors/peer.ts";
import { BadLocalReturn } from "../core/errors/responder.ts";
import { messageOf } from "../core/errors/to-error.ts";
import { ResponderLost } from "../core/errors/transport.ts";
import type { Clock } from "../core/transport.ts";
import type { BoxLimits } from "../core/wire/box-limits.ts";
import type { Frame } from "../core/wire/frame.ts";
import { parseTag } from "../core/wire/tag.ts";
import { BoxEncoder, PayloadReader } from "./boxes.ts";
import { NoReceiver, NoResponders, notPermittedTo } from "./errors.ts";
import { IN_PROGRESS, NO_RECEIVER, NOT_A_BOX, type SizedHeaders, TOO_MANY } from "./headers.ts";
import { Inbox } from "./inbox.ts";
import { maxPayloadOf, type NatsConnectionLike, type NatsMessage } from "./nats-connection.ts";
import { type NatsListener, type NatsWatch, watchOf } from "./watch.ts";

/** One attempt of a call, from its message to its outcome. */
export interface Attempt {
  readonly subject: string;
  /** Milliseconds without an answer or a heartbeat after which the callee counts as lost. */
  readonly silence: number;
  readonly limits: BoxLimits;
  /** Time of the message, or of the last heartbeat. The link sets it. */
  heard: number;
  /** A heartbeat has come. */
  inProgress?(message: NatsMessage): void;
  /** The frame is valid until this returns. */
  answered(frame: Frame, message: NatsMessage): void;
  /** The attempt has failed. It is not executed if the error is NoResponders. */
  failed(error: Error): void;
}

/** Timers that are later than this show that this process was stopped or busy: answers may wait in the socket. */
const LATE_MS = 500;
/** Time for these answers to be read. */
const GRACE_MS = 1_000;
/** Shortest time between two looks at the calls in progress. */
const LEAST_LOOK_MS = 10;

const links = new WeakMap<NatsConnectionLike, Link[]>();

/** Returns the link of a connection with this clock and this prefix of inboxes. */
export function linkOf(nats: NatsConnectionLike, clock: Clock, inboxPrefix: string): Link {
  let known = links.get(nats);
  if (known === undefined) {
    known = [];
    links.set(nats, known);
  }
  let link = known.find((one) => one.clock === clock && one.inboxPrefix === inboxPrefix);
  if (link === undefined) {
    link = new Link(nats, clock, inboxPrefix);
    known.push(link);
  }
  return link;
}

export class Link implements NatsListener {
  readonly nats: NatsConnectionLike;
  readonly clock: Clock;
  readonly inboxPrefix: string;
  readonly watch: NatsWatch;
  readonly encoder = new BoxEncoder();
  /** Functions to call when there is a connection again. */
  readonly wakeUps = new Set<() => void>();
  readonly #inbox: Inbox;
  readonly #reader = new PayloadReader();
  readonly #attempts = new TagWindow<Attempt>();
  #inProgress = 0;
  #lastTag = 0;
  #timer: unknown;
  #due = 0;

  constructor(nats: NatsConnectionLike, clock: Clock, inboxPrefix: string) {
    this.nats = nats;
    this.clock = clock;
    this.inboxPrefix = inboxPrefix;
    this.watch = watchOf(nats);
    this.#inbox = new Inbox(nats, clock, this.watch, inboxPrefix, {
      received: (message) => this.#received(message),
      // The calls in progress may have been executed.
      refused: ({ message, cause }) => this.#failAll(new ResponderLost(message, { cause })),
    });
    this.watch.listeners.add(this);
  }

  /** Number of attempts that wait for their outcome. */
  get inProgress(): number {
    return this.#inProgress;
  }

  /** The tag of the next attempt. {@link send} uses it up. */
  get nextTag(): number {
    return this.#lastTag + 1;
  }

  /**
   * Publishes an ask with {@link nextTag}.
   * @returns its tag
   * @throws TooLong, NoResponders: nothing was published
   */
  send(attempt: Attempt, box: Uint8Array, headers: SizedHeaders | undefined): number {
    const tag = this.nextTag;
    this.#inbox.open();
    this.publish(attempt.subject, box, headers, `${this.#inbox.subject}.${tag.toString(16)}`);
    this.#lastTag = tag;
    attempt.heard = this.clock.now();
    this.#attempts.set(tag, attempt);
    this.#inProgress++;
    if (this.#timer === undefined || attempt.heard + attempt.silence < this.#due)
      this.#lookIn(attempt.silence);
    return tag;
  }

  /**
   * Publishes a box.
   * @throws TooLong if it does not fit into a message, NoResponders if the NATS client does not take it
   */
  publish(subject: string, box: Uint8Array, headers?: SizedHeaders, reply?: string): void {
    const { nats } = this;
    const problem = payloadProblem(nats, box.length + (headers?.bytes ?? 0));
    if (problem !== undefined) throw new TooLong(problem);
    if (!this.watch.connected) throw new NoResponders("there is no connection to NATS");
    try {
      nats.publish(subject, box, {
        ...(reply !== undefined && { reply }),
        ...(headers !== undefined && { headers: headers.headers }),
      });
    } catch (cause) {
      throw new NoResponders(`the NATS client did not take the message: ${messageOf(cause)}`, { cause });
    }
  }

  /** Drops an attempt: a later answer is ignored. */
  drop(tag: number): void {
    if (this.#attempts.get(tag) === undefined) return;
    this.#attempts.delete(tag);
    this.#inProgress--;
  }

  #received(message: NatsMessage): void {
    const text = message.subject.slice(this.#inbox.subject.length + 1);
    const tag = Number.parseInt(text, 16);
    const attempt = this.#attempts.get(tag);
    if (attempt === undefined) return; // answered already, or dropped
    if (message.data.length === 0) return this.#status(tag, attempt, message);
    let frame: Frame;
    try {
      frame = this.#reader.read(message.data, attempt.limits);
      checkAnswer(frame, tag);
    } catch (error) {
      this.drop(tag);
      attempt.failed(error as Error); // both functions throw errors of the library
      return;
    }
    this.drop(tag);
    attempt.answered(frame, message);
  }

  #status(tag: number, attempt: Attempt, message: NatsMessage): void {
    const code = message.headers?.code ?? 0;
    if (code === IN_PROGRESS) {
      attempt.heard = this.clock.now();
      return attempt.inProgress?.(message);
    }
    const error = statusError(code);
    if (error === undefined) return; // a status of a later version
    this.drop(tag);
    attempt.failed(error);
  }

  #lookIn(milliseconds: number): void {
    const delay = Math.max(LEAST_LOOK_MS, milliseconds);
    this.clock.clearTimeout(this.#timer); // callers of one connection may have different silences
    this.#due = this.clock.now() + delay;
    this.#timer = this.clock.setTimeout(() => this.#look(), delay);
  }

  /** Fails the attempts whose callees have been silent for too long. */
  #look(): void {
    this.#timer = undefined;
    const now = this.clock.now();
    const late = now - this.#due;
    const lost: [number, Attempt][] = [];
    let next = Number.POSITIVE_INFINITY;
    for (const [tag, attempt] of this.#attempts.entries()) {
      if (late > LATE_MS) attempt.heard = Math.max(attempt.heard, now - attempt.silence + GRACE_MS);
      const left = attempt.heard + attempt.silence - now;
      if (left <= 0) lost.push([tag, attempt]);
      else next = Math.min(next, left);
    }
    if (next !== Number.POSITIVE_INFINITY) this.#lookIn(next);
    for (const [tag, attempt] of lost) {
      this.drop(tag);
      attempt.failed(
        new ResponderLost(`the callee has sent neither an answer nor a heartbeat for ${attempt.silence} ms`),
      );
    }
  }

  #failAll(error: Error): void {
    for (const [tag, attempt] of [...this.#attempts.entries()]) {
      this.drop(tag);
      attempt.failed(error);
    }
  }

  // From the watch.

  disconnected(): void {
    this.#failAll(new ResponderLost("the connection to NATS broke while the call was in progress"));
  }

  reconnected(): void {
    this.#inbox.reconnected();
    this.#wake();
  }

  closed(): void {
    this.#wake();
    this.clock.clearTimeout(this.#timer);
  }

  denied(subject: string): void {
    for (const [tag, attempt] of [...this.#attempts.entries()]) {
      if (attempt.subject !== subject) continue;
      this.drop(tag);
      attempt.failed(notPermittedTo("this user", subject));
    }
  }

  #wake(): void {
    for (const wake of [...this.wakeUps]) wake();
  }
}

/** Returns why a message of this size cannot be sent, or undefined. */
export function payloadProblem(nats: NatsConnectionLike, bytes: number): string | undefined {
  const most = maxPayloadOf(nats);
  if (bytes <= most) return undefined;
  return `the box and its headers have ${bytes} bytes, over the limit of the NATS server (max_payload) of ${most}`;
}

/** @throws BadLocalReturn for an answer that does not fit into a message */
export function checkAnswerSize(nats: NatsConnectionLike, name: string, bytes: number): void {
  const problem = payloadProblem(nats, bytes);
  if (problem !== undefined) throw new BadLocalReturn(`the answer of ${name} cannot be sent: ${problem}`);
}

/** @throws MalformedAmpBox, UnexpectedAnswer for a box that is not the answer of the attempt with this tag */
function checkAnswer(frame: Frame, tag: number): void {
  const index = frame.answer >= 0 ? frame.answer : frame.error;
  if (index < 0) throw new MalformedAmpBox("the message on an inbox is neither an answer nor an error");
  if (parseTag(frame.bytes, frame.valueStart(index), frame.valueEnd(index)) !== tag)
    throw new UnexpectedAnswer("the answer on an inbox has the tag of another call");
}

function statusError(code: number): Error | undefined {
  if (code === NO_RECEIVER)
    return new NoReceiver("no worker serves the command now, or the client is not connected");
  if (code === TOO_MANY)
    return new NoResponders("the callee has too many asks in progress, and did not execute the call");
  if (code === NOT_A_BOX) return new MalformedAmpBox("the callee could not read the message as an ask");
  return undefined;
}
