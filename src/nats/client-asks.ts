/** Asks to the clients of an edge, which workers and programs publish. */
import type { CommandType } from "../core/command/types.ts";
import { CallTimeout, LimitExceeded, TLSRequired } from "../core/errors/caller.ts";
import { MalformedAmpBox, Unavailable } from "../core/errors/peer.ts";
import { messageOf } from "../core/errors/to-error.ts";
import { ConnectionLost } from "../core/errors/transport.ts";
import {
  LOST_ERROR_CODE,
  TIMEOUT_ERROR_CODE,
  TLS_REQUIRED_ERROR_CODE,
  UNKNOWN_ERROR_CODE,
} from "../core/errors/wire-codes.ts";
import type { Fields } from "../core/schema/argument.ts";
import type { BoxLimits } from "../core/wire/box-limits.ts";
import { encodeBox } from "../core/wire/box-writer.ts";
import type { Frame } from "../core/wire/frame.ts";
import { commandNameOf, PayloadReader, retagged, type TaggedBox, taggedBox } from "./boxes.ts";
import type { EdgeClient } from "./edge-client.ts";
import {
  headerOf,
  NO_RECEIVER,
  NOT_A_BOX,
  REQUIRE_TLS_HEADER,
  statusHeaders,
  TOO_MANY,
  timeoutOf,
} from "./headers.ts";
import { type AskInProgress, InProgress } from "./in-progress.ts";
import { type Link, payloadProblem } from "./link.ts";
import type { NatsMessage } from "./nats-connection.ts";
import { boxIn, checkRelayed, errorBox, PassedOnError, RelayedCommand } from "./passed-on.ts";
import { RecentReplies } from "./recent-replies.ts";
import { lastToken, replyProblem } from "./subjects.ts";

const EMPTY = new Uint8Array(0);

export class ClientAsks {
  readonly inProgress: InProgress<AskInProgress>;
  readonly #link: Link;
  readonly #service: string;
  readonly #limits: BoxLimits;
  readonly #find: (id: string) => EdgeClient | undefined;
  readonly #report: (error: unknown, command: string | undefined) => void;
  readonly #reader = new PayloadReader();
  readonly #recent = new RecentReplies();

  /** @param find returns the client with this id at the edge */
  constructor(
    link: Link,
    service: string,
    limits: BoxLimits,
    heartbeat: number,
    find: (id: string) => EdgeClient | undefined,
    report: (error: unknown, command: string | undefined) => void,
  ) {
    this.#link = link;
    this.#service = service;
    this.#limits = limits;
    this.#find = find;
    this.#report = report;
    this.inProgress = new InProgress(link.nats, link.watch, link.clock, heartbeat);
  }

  /** Receives a message. Never throws: the NATS client would stop reading permanently. */
  receive(message: NatsMessage): void {
    const reply = message.reply || undefined;
    const problem = replyProblem(this.#service, reply);
    if (problem !== undefined) return this.#report(new MalformedAmpBox(problem), undefined);
    if (reply !== undefined && this.#recent.isKnown(reply)) return;
    const client = this.#find(lastToken(message.subject));
    if (client === undefined || !client.connection.acceptsCalls) return this.status(reply, NO_RECEIVER);
    let command: RelayedCommand;
    let box: TaggedBox;
    try {
      const frame = this.#reader.read(message.data, this.#limits);
      box = taggedBox(frame, frame.ask);
      command = relayed(frame, box, message);
    } catch (error) {
      this.#report(error, undefined);
      return this.status(reply, NOT_A_BOX);
    }
    const timeout = timeoutOf(message);
    if (timeout === 0) return;
    if (reply === undefined) return this.#tell(client, command);
    void this.#ask(client, command, box, reply, timeout);
  }

  /** True for the reply subject of a recent ask. */
  isReply(subject: string): boolean {
    return this.#recent.has(subject);
  }

  #tell({ connection }: EdgeClient, command: RelayedCommand): void {
    try {
      connection.callRemote(erased(command));
    } catch (error) {
      this.#report(error, command.name);
    }
  }

  async #ask(
    { connection }: EdgeClient,
    command: RelayedCommand,
    box: TaggedBox,
    reply: string,
    timeout: number | undefined,
  ): Promise<void> {
    const ask: AskInProgress = { reply, since: this.#link.clock.now() };
    this.inProgress.add(ask);
    const tag = box.bytes.subarray(box.tagStart, box.tagEnd);
    try {
      const values = await connection.callRemote(erased(command), undefined, { timeout });
      const range = { bytes: box.bytes, start: box.tagStart, end: box.tagEnd };
      // A call that wants an answer resolves with its values.
      this.#publish(reply, command.name, retagged(boxIn(values as object), range), tag);
    } catch (error) {
      // LimitExceeded rejects before anything is sent.
      if (error instanceof LimitExceeded && connection.acceptsCalls) this.status(reply, TOO_MANY);
      // An Unavailable of this end: the client has asked for no more calls meanwhile. One of the client is a PassedOnError.
      else if (error instanceof Unavailable) this.status(reply, NO_RECEIVER);
      else this.#publish(reply, command.name, encodeBox(errorOf(error, tag)), tag);
    } finally {
      this.inProgress.delete(ask);
    }
  }

  #publish(reply: string, name: string, data: Uint8Array, tag: Uint8Array): void {
    const problem = payloadProblem(this.#link.nats, data.length);
    if (problem !== undefined) {
      this.#report(new MalformedAmpBox(`the answer of ${name} cannot be sent: ${problem}`), name);
      this.send(reply, encodeBox(errorBox(tag, UNKNOWN_ERROR_CODE, "Unknown Error")));
    } else this.send(reply, data);
  }

  status(reply: string | undefined, status: typeof NO_RECEIVER | typeof NOT_A_BOX | typeof TOO_MANY): void {
    if (reply === undefined || !this.#link.watch.connected) return;
    try {
      this.#link.nats.publish(reply, EMPTY, { headers: statusHeaders(status) });
    } catch {
      // The NATS connection is closing. The caller notices the missing heartbeats.
    }
  }

  /** Publishes a box. */
  send(reply: string | undefined, data: Uint8Array): void {
    if (reply === undefined || !this.#link.watch.connected) return;
    try {
      this.#link.nats.publish(reply, data);
    } catch {
      // The NATS connection is closing.
    }
  }
}

/** @throws MalformedAmpBox for a box that cannot be sent to a client */
function relayed(frame: Frame, box: TaggedBox, message: NatsMessage): RelayedCommand {
  const isAsk = frame.command >= 0 && frame.answer < 0 && frame.error < 0;
  if (!isAsk || frame.ask >= 0 !== Boolean(message.reply))
    throw new MalformedAmpBox(
      "the message to a client is not an ask with a tag and a reply subject, or without both",
    );
  const name = commandNameOf(frame);
  checkRelayed(name);
  const requireTLS = headerOf(message, REQUIRE_TLS_HEADER) !== undefined;
  return new RelayedCommand(name, box, frame.ask >= 0, requireTLS);
}

/** RelayedCommand has no fields for the types of arguments and response, which `callRemote` does not read. */
function erased(command: RelayedCommand): CommandType<Fields, Fields, boolean> {
  return command as unknown as CommandType<Fields, Fields, boolean>;
}

function errorOf(error: unknown, tag: Uint8Array): ReturnType<typeof errorBox> {
  if (error instanceof PassedOnError) return errorBox(tag, error.errorCode, error.message, error);
  const text = messageOf(error);
  if (error instanceof TLSRequired) return errorBox(tag, TLS_REQUIRED_ERROR_CODE, text);
  if (error instanceof CallTimeout) return errorBox(tag, TIMEOUT_ERROR_CODE, text);
  if (error instanceof ConnectionLost) return errorBox(tag, LOST_ERROR_CODE, text);
  return errorBox(tag, UNKNOWN_ERROR_CODE, "Unknown Error");
}
