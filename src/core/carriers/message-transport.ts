/**
 * A transport over anything that passes messages of bytes in order: a MessagePort, a worker, the IPC channel of a child
 * process. Both ends are a {@link MessageTransport}.
 *
 * Such a channel cannot be paused and does not say what the peer has taken. So each end grants the other a number of
 * bytes, and grants more as it delivers them. Bytes without a grant stay here and count as unsent.
 *
 * The first byte of a message is its kind:
 *
 * | kind | rest of the message | meaning |
 * |---|---|---|
 * | 0 | bytes, at least one | a part of the stream |
 * | 1 | 4 bytes, big-endian | so many more bytes may be sent |
 * | 2 | none | the sender has ended its side |
 * | 3 | none | the sender has destroyed its transport |
 */

import { ProtocolError } from "../errors/peer.ts";
import { isError, messageOf } from "../errors/to-error.ts";
import { ConnectionLost } from "../errors/transport.ts";
import { invalidNumber } from "../number-option.ts";
import { checkOptionNames } from "../option-names.ts";
import type { UnsharedBytes } from "../platform.ts";
import type { TransportReceiver } from "../transport.ts";
import { Chunks } from "../wire/chunks.ts";
import { shownValue } from "../wire/value-text.ts";
import { BufferingTransport, bytesOf } from "./buffering-transport.ts";

const DATA = 0;
const GRANT = 1;
const END = 2;
const ABORT = 3;

const DEFAULT_BUFFERED_BYTES = 256 * 1024;
/** Longest part of the stream in one message. */
const MAX_PART_BYTES = 64 * 1024;
/** Largest number in four bytes. */
const MAX_GRANT = 2 ** 32 - 1;

const HINT =
  ' (use a MessageTransport at both ends; the IPC channel of a child process needs the option serialization: "advanced")';

/** Receives what comes out of a channel. */
export interface MessageListener {
  /**
   * Called for each message, in order.
   * It may be called within `send` of the other end.
   * @param data the `Uint8Array` that the other end sent, or its `ArrayBuffer`. Anything else ends the connection
   */
  message(data: unknown): void;
  /**
   * Called when no message can come or go any more. Later calls have no effect.
   * @param reason an `Error`, if one is known. Other values, such as an event, are ignored
   */
  closed(reason?: unknown): void;
}

/**
 * A two-way channel for messages of bytes that arrive in order and complete. An adapter for a MessagePort:
 *
 * ```ts
 * const channelOf = (port: MessagePort): MessageChannelLike => ({
 *   listen({ message, closed }) {
 *     port.on("message", message);
 *     port.on("close", closed);
 *   },
 *   send: (message) => port.postMessage(message, [message.buffer]),
 *   close: () => port.close(),
 * });
 * ```
 */
export interface MessageChannelLike {
  /** Delivers to the listener from now on, including messages that came before. Called once. */
  listen(listener: MessageListener): void;
  /** Sends a message. Its buffer is used for nothing else, so that it may be transferred. If it throws, the connection is lost. */
  send(message: UnsharedBytes): void;
  /** Closes the channel after all messages have been sent. Called at most once. */
  close(): void;
}

/** Options of {@link MessageTransport}. */
export interface MessageTransportOptions {
  /**
   * Bytes that the peer may send before this end has delivered them, hence the most that is buffered while reading is
   * paused. A peer that sends more ends the connection with LimitExceeded. Default 256 KiB.
   */
  readonly maxBufferedBytes?: number | undefined;
}

/** A {@link Transport} over a channel that passes messages of bytes. The peer uses a `MessageTransport` too. */
export class MessageTransport extends BufferingTransport {
  readonly #channel: MessageChannelLike;
  readonly #window: number;
  /** Written, in order, while the peer's grant does not suffice. */
  readonly #queue = new Chunks();
  /** Rest of a chunk that was sent in part. */
  #rest: Uint8Array | undefined;
  /** Bytes that may be sent. */
  #granted = 0;
  /** Bytes delivered since this end last granted some. */
  #delivered = 0;
  /** `ending`: the end follows when the queue is empty. */
  #side: "open" | "ending" | "ended" = "open";
  #peerEnded = false;
  #channelOpen = true;
  /** Events of the channel that came while another one is handled. */
  readonly #events: (() => void)[] = [];
  #isHandling = false;

  /** @throws RangeError for an invalid `maxBufferedBytes`; TypeError for a channel or options of a wrong type */
  constructor(channel: MessageChannelLike, options: MessageTransportOptions = {}) {
    checkOptionNames("MessageTransport", options, ["maxBufferedBytes"]);
    if (typeof channel?.listen !== "function")
      throw new TypeError("MessageTransport: a channel is needed, with the methods send, listen and close");
    const { maxBufferedBytes = DEFAULT_BUFFERED_BYTES } = options;
    if (typeof maxBufferedBytes !== "number" || !(maxBufferedBytes >= 1))
      throw invalidNumber("maxBufferedBytes", "a number of at least 1", maxBufferedBytes);
    super(maxBufferedBytes);
    this.#channel = channel;
    this.#window = Math.min(Math.floor(maxBufferedBytes), MAX_GRANT);
  }

  override start(receiver: TransportReceiver): void {
    super.start(receiver);
    this.#channel.listen({
      message: (data) => this.#inTurn(() => this.#received(data)),
      closed: (reason) => this.#inTurn(() => this.#channelClosed(reason)),
    });
    this.#grant(this.#window);
  }

  write(...chunks: readonly Uint8Array[]): void {
    if (!this.open || this.#side !== "open") return;
    for (const chunk of chunks) if (chunk.length > 0) this.#queue.push(chunk);
    this.#send();
  }

  get unsent(): number {
    return this.open && this.#channelOpen ? this.#queue.bytes + (this.#rest?.length ?? 0) : 0;
  }

  end(): void {
    if (!this.open || this.#side !== "open") return;
    this.#side = "ending";
    this.#send();
  }

  /** Sends what the peer has granted, then the end if it is due. */
  #send(): void {
    while (this.#granted > 0) {
      const chunk = this.#rest ?? this.#queue.shift();
      if (chunk === undefined) break;
      const part = chunk.subarray(0, Math.min(this.#granted, MAX_PART_BYTES));
      this.#rest = part.length < chunk.length ? chunk.subarray(part.length) : undefined;
      this.#granted -= part.length;
      this.#post(DATA, part);
    }
    if (this.#side !== "ending" || this.unsent > 0) return;
    this.#side = "ended";
    this.#post(END);
    this.#endIfBothEnded();
  }

  #grant(bytes: number): void {
    this.#post(GRANT, Uint8Array.of(bytes >>> 24, bytes >>> 16, bytes >>> 8, bytes));
  }

  /** Sends a copy: the channel may take its buffer away, and the buffer of the chunk may contain bytes of others. */
  #post(kind: number, bytes?: Uint8Array): void {
    if (!this.#channelOpen) return;
    const message = new Uint8Array(1 + (bytes?.length ?? 0));
    message[0] = kind;
    if (bytes !== undefined) message.set(bytes, 1);
    try {
      this.#channel.send(message);
    } catch (cause) {
      this.#close();
      this.destroy(new ConnectionLost(`the message channel could not send: ${messageOf(cause)}`, { cause }));
    }
  }

  /**
   * Handles one event of the channel after the other. A channel may deliver within `send`: then each message would be handled
   * within the one before, and a long stream would exceed the stack.
   */
  #inTurn(handle: () => void): void {
    this.#events.push(handle);
    if (this.#isHandling) return;
    this.#isHandling = true;
    try {
      for (let next = this.#events.shift(); next !== undefined; next = this.#events.shift()) next();
    } finally {
      this.#isHandling = false;
    }
  }

  #received(data: unknown): void {
    if (!this.#channelOpen) return;
    const message = bytesOf(data);
    const kind = message?.[0];
    if (message === undefined) this.#refuse(`: it was ${shownValue(data)}, not bytes${HINT}`);
    else if (kind === DATA && this.#peerEnded) this.#refuse();
    else if (kind === DATA) this.accept(message.subarray(1));
    else if (kind === GRANT && message.length === 5) this.#grantReceived(message);
    else if (kind === END) this.#endReceived();
    else if (kind === ABORT) this.#abortReceived();
    else this.#refuse();
  }

  #grantReceived([, a = 0, b = 0, c = 0, d = 0]: Uint8Array): void {
    const waiting = this.unsent > 0;
    this.#granted += ((a << 24) | (b << 16) | (c << 8) | d) >>> 0;
    this.#send();
    if (waiting && this.unsent === 0) this.drained();
  }

  #endReceived(): void {
    this.#peerEnded = true;
    this.acceptEnd();
    this.#endIfBothEnded();
  }

  #endIfBothEnded(): void {
    if (this.#side !== "ended" || !this.#peerEnded) return;
    this.#close();
    this.acceptClose();
  }

  #abortReceived(): void {
    this.#close();
    this.acceptClose(new ConnectionLost("the peer destroyed the connection"));
  }

  #channelClosed(reason: unknown): void {
    if (!this.#channelOpen) return;
    this.#channelOpen = false;
    this.acceptClose(isError(reason) ? reason : new ConnectionLost("the message channel was closed"));
  }

  #refuse(why = ": use one at both ends of the channel"): void {
    this.abort();
    this.acceptClose(new ProtocolError(`a message did not come from a MessageTransport${why}`));
  }

  protected override abort(): void {
    this.#post(ABORT);
    this.#close();
  }

  #close(): void {
    if (!this.#channelOpen) return;
    this.#channelOpen = false;
    try {
      this.#channel.close();
    } catch {
      // The transport has ended, whether or not the channel could be closed.
    }
  }

  protected override delivered(bytes: number): void {
    this.#delivered += bytes;
    if (this.#delivered * 2 < this.#window) return;
    this.#grant(this.#delivered);
    this.#delivered = 0;
  }
}
