/**
 * Outgoing boxes: the one place that writes to the transport.
 *
 * Boxes are encoded into one run of bytes, which is written once a turn. During a protocol change nothing is written: the
 * boxes stay queued here. The state of the connection decides whether boxes are sent, queued or dropped.
 *
 * Ownership: the transport owns the bytes until it has sent them. Usually it takes them at once, and they are reused;
 * otherwise they belong to it until it has drained. Large values are not copied: they are written
 * from where they are as soon as their box is complete.
 */

import { toError } from "../errors/to-error.ts";
import type { Transport } from "../transport.ts";
import { ByteWriter } from "../wire/byte-writer.ts";
import type { FastPaths } from "../wire/fast-paths.ts";
import type { StateRules } from "./states.ts";

/** Bytes that are written without waiting for the end of the turn. With as many unsent, boxes are gathered until drained. */
const EAGER_BYTES = 64 * 1024;
/** Byte runs kept for the next connection that sends: an idle connection has none. */
const POOL_SIZE = 16;
/** Largest run that is kept. It has room for `EAGER_BYTES` and one large value more. */
const POOLED_BYTES = 256 * 1024;
const pool: ByteWriter[] = [];
/** Maximum of byte runs that one connection gets back from its transport: a peer that reads nothing must not pin more. */
const MAX_LENT = 2;

/** Resolved: a callback runs in the microtasks of this turn. */
const soon = Promise.resolve();

/** The connection, as its outbox sees it. */
export interface OutboxOwner {
  readonly rules: StateRules;
  /** Called when the transport has not taken all bytes, when more bytes wait for it, and when it has taken all. */
  unsentChanged(): void;
}

export class Outbox {
  readonly #transport: Transport;
  readonly #owner: OutboxOwner;
  readonly #eagerBytes: number;
  /** Bytes that were given to the transport. */
  writtenBytes = 0;
  #out: ByteWriter | undefined;
  #scheduled = false;
  /** Bytes that the transport had not sent after the last write. Cached: asking it for every box would cost. */
  backlog = 0;
  /** Byte runs that the transport has not sent completely. */
  readonly #lent: ByteWriter[] = [];
  /** Fast paths for the boxes of this connection, if the entry point has any. */
  fastPaths: FastPaths | undefined = undefined;
  /** Functions that wait until everything is sent, or AMP has ended. */
  #drainWaiters: (() => void)[] | undefined;
  /** Created when a box is first sent: an idle connection has none. */
  #flushSoon: (() => void) | undefined;

  constructor(transport: Transport, owner: OutboxOwner) {
    this.#transport = transport;
    this.#owner = owner;
    this.#eagerBytes = transport.oneBoxPerWrite === true ? 0 : EAGER_BYTES;
  }

  /** The writer to which boxes are appended; {@link written} must follow. */
  get out(): ByteWriter {
    return this.#out ?? this.#newOut();
  }

  #newOut(): ByteWriter {
    const out = pool.pop() ?? new ByteWriter(1024);
    out.fastPaths = this.fastPaths;
    // A queued value is copied: its owner may change it before it leaves.
    out.lends = this.#owner.rules.boxes === "sent" && this.backlog === 0;
    this.#out = out;
    return out;
  }

  /** Bytes gathered or queued here. */
  get gathered(): number {
    return this.#out === undefined ? 0 : this.#out.size;
  }

  /** Bytes that were not sent: gathered or queued here, or in the transport. */
  get unsentBytes(): number {
    return this.gathered + this.#transport.unsent;
  }

  /** {@link unsentBytes} as of the last write: asking the transport for every box would cost. */
  get pending(): number {
    return this.gathered + this.backlog;
  }

  /** Bytes that the peer has not taken: {@link pending} without what is queued for a protocol change. */
  get untaken(): number {
    // Without `pending`: V8 does not inline so many getters, and each box passes here.
    const out = this.#out;
    return out === undefined || this.#owner.rules.boxes === "queued" ? this.backlog : this.backlog + out.size;
  }

  /** Bytes queued here during a protocol change. */
  get queued(): number {
    return this.#owner.rules.boxes === "queued" ? (this.#out?.length ?? 0) : 0;
  }

  /** Called after a box was appended. It is written before the end of the turn, unless the transport is far behind. */
  written(): void {
    const out = this.#out;
    if (this.#owner.rules.boxes === "dropped") this.#discard();
    else if (out !== undefined && (out.length >= this.#eagerBytes || out.attached === true)) this.flush();
    else if (this.#scheduled === false) this.#schedule();
  }

  #schedule(): void {
    this.#scheduled = true;
    this.#flushSoon ??= turnOverOf(this);
    void soon.then(this.#flushSoon);
  }

  /**
   * Writes what was gathered in this turn. If the transport is far behind, boxes are gathered until it has drained: each
   * write keeps a byte run alive there, which is a hundred times the bytes of a small answer.
   */
  turnOver(): void {
    this.#scheduled = false;
    if (this.backlog < EAGER_BYTES) this.flush();
    else this.#owner.unsentChanged();
  }

  /** Writes what was gathered if the state sends boxes. */
  flush(): void {
    const out = this.#out;
    if (out === undefined || this.#owner.rules.boxes !== "sent") return;
    this.#out = undefined; // before the write: a carrier of boxes may throw, or deliver an answer synchronously
    if (out.length > 0) {
      this.writtenBytes += out.size;
      try {
        if (out.attached) this.#transport.write(...out.parts());
        else this.#transport.write(out.bytes.subarray(0, out.length));
      } catch (error) {
        if (this.#eagerBytes === 0) throw error; // a carrier of boxes has refused one
        // No byte of the stream may be missing. Later, because the caller does not expect the end of the connection here.
        void soon.then(() => this.#transport.destroy(toError(error)));
        return;
      }
      this.backlog = this.#transport.unsent;
      if (this.backlog > 0) {
        if (this.#lent.length < MAX_LENT) this.#lent.push(out);
        this.#owner.unsentChanged();
        return;
      }
    }
    recycle(out);
  }

  /** Resolves when everything is sent, or AMP has ended. */
  everythingSent(): Promise<void> {
    this.turnOver();
    if (this.#isDrained) return Promise.resolve();
    return new Promise((resolve) => {
      this.#drainWaiters ??= [];
      this.#drainWaiters.push(resolve);
    });
  }

  /** Wakes the code that waits in {@link everythingSent}. Called whenever it may be able to continue. */
  checkDrained(): void {
    const waiters = this.#drainWaiters;
    if (waiters === undefined || !this.#isDrained) return;
    this.#drainWaiters = undefined;
    for (const wake of waiters) wake();
  }

  get #isDrained(): boolean {
    return this.#owner.rules.boxes === "dropped" || this.unsentBytes === 0;
  }

  /** Called when the transport has sent everything: its byte runs can be reused. */
  drained(): void {
    this.backlog = 0;
    for (const out of this.#lent) recycle(out);
    this.#lent.length = 0;
    this.#owner.unsentChanged();
    this.flush();
    this.checkDrained();
  }

  /** Sends these bytes at once, before what is queued: the answer that a protocol change waits for. */
  sendPastQueue(out: ByteWriter): void {
    this.writtenBytes += out.length;
    this.#transport.write(out.copy());
  }

  /** Forgets what was not written, when AMP has ended. */
  drop(): void {
    this.#lent.length = 0; // a transport that is being destroyed may report a drain while the system still reads the bytes
    this.#discard();
  }

  #discard(): void {
    const out = this.#out;
    this.#out = undefined;
    if (out !== undefined) recycle(out);
  }
}

/** A function of its own: with a closure in `written`, V8 would allocate memory for its variables at each call. */
function turnOverOf(outbox: Outbox): () => void {
  return () => outbox.turnOver();
}

function recycle(out: ByteWriter): void {
  out.truncate(0);
  // A busy one is still being written to: a codec of the user's has ended the connection.
  if (!out.busy && pool.length < POOL_SIZE && out.bytes.length <= POOLED_BYTES) pool.push(out);
}
