/**
 * Boxes on their way out: the one place that writes to the transport.
 *
 * Boxes are encoded straight into one run of bytes and written once per turn, which is what makes small calls
 * cheap. Holding boxes back during a protocol change is then nothing but not writing yet.
 *
 * Ownership: the bytes are the transport's until it has sent them. When it has taken them at once, which is
 * the rule, the same bytes are used again; else, as always inside TLS, they are left to it until it has drained.
 * Large values are not copied into them, but written from where they lie as soon as their box is complete.
 */
import type { Transport } from "../transport.ts";
import { ByteWriter } from "../wire/byte-writer.ts";

/** Written at once when so many bytes have gathered, without waiting for the end of the turn; and what "far behind" is. */
const EAGER_BYTES = 64 * 1024;
/** Byte runs kept for the next connection that has something to say: an idle one has none. */
const POOL_SIZE = 16;
/** Room for what makes a run eager and one value more: else large values would have a new run made for each write. */
const POOLED_BYTES = 256 * 1024;
const pool: ByteWriter[] = [];
/** Byte runs that one connection has at its transport and wants back: a peer that takes nothing pins no more. */
const MAX_LENT = 2;

/** Resolved: what to wait for to run in this turn's microtasks. */
const soon = Promise.resolve();

export class Outbox {
  readonly #transport: Transport;
  #out: ByteWriter | undefined;
  #mode: "sent" | "held" | "dropped" = "sent";
  #scheduled = false;
  /** What the transport had not sent after the last write. Asking it for every box would cost. */
  #backlog = 0;
  /** Left to the transport, which has not sent them all. */
  readonly #lent: ByteWriter[] = [];
  readonly #flushSoon = () => {
    this.#scheduled = false;
    this.turnOver();
  };

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /** Where boxes are appended; {@link written} must follow. */
  get out(): ByteWriter {
    if (this.#out === undefined) {
      this.#out = pool.pop() ?? new ByteWriter(1024);
      // What is held back, or waits behind other bytes, is copied: until it leaves its owner may have changed it.
      this.#out.lends = this.#mode === "sent" && this.#backlog === 0;
    }
    return this.#out;
  }

  /** Bytes that have not left: gathered or held here, or waiting in the transport. */
  get pending(): number {
    return (this.#out === undefined ? 0 : this.#out.size) + this.#backlog;
  }

  /** The same without what is held back here. */
  get untaken(): number {
    return this.#mode === "held" ? this.#backlog : this.pending;
  }

  /** Bytes held back here. */
  get held(): number {
    return this.#mode === "held" ? (this.#out?.length ?? 0) : 0;
  }

  /** A box was appended. It is written before the program waits for anything else, if the transport is not far behind. */
  written(): void {
    if (this.#mode === "dropped") this.discard();
    else if (this.#out !== undefined && (this.#out.length >= EAGER_BYTES || this.#out.attached)) this.flush();
    else if (!this.#scheduled) {
      this.#scheduled = true;
      void soon.then(this.#flushSoon);
    }
  }

  /**
   * Nothing more is gathered in this turn. Where the transport is far behind, what there is gathers on until it has drained:
   * each write is kept there with a run of bytes of its own, which for a small answer costs a hundred times its bytes.
   */
  turnOver(): void {
    if (this.#backlog < EAGER_BYTES) this.flush();
  }

  /** Writes what has gathered, unless it is held. */
  flush(): void {
    const out = this.#out;
    if (out === undefined || this.#mode !== "sent") return;
    if (out.length > 0) {
      if (out.attached) this.#transport.write(...out.parts());
      else this.#transport.write(out.bytes.subarray(0, out.length));
      this.#backlog = this.#transport.unsent;
      if (this.#backlog > 0) {
        this.#out = undefined;
        if (this.#lent.length < MAX_LENT) this.#lent.push(out);
        return;
      }
    }
    this.#out = undefined;
    recycle(out);
  }

  /** The transport has sent everything: what it was lent is ours again. */
  drained(): void {
    this.#backlog = 0;
    for (const out of this.#lent) recycle(out);
    this.#lent.length = 0;
    this.flush();
  }

  /** Sends what has gathered; what comes from now on stays here. */
  hold(): void {
    this.flush();
    this.#mode = "held";
  }

  /** Sends what was held. */
  release(): void {
    this.#mode = "sent";
    this.flush();
  }

  /** Sends these bytes at once, past what is held: the answer that a protocol change waits for. */
  pass(out: ByteWriter): void {
    this.#transport.write(out.copy());
  }

  /** Forgets what was not written; so it does with all that may come. */
  drop(): void {
    this.#mode = "dropped";
    this.#lent.length = 0; // a transport that is being destroyed may say that it drained while the system still reads
    this.discard();
  }

  discard(): void {
    const out = this.#out;
    this.#out = undefined;
    if (out !== undefined) recycle(out);
  }
}

function recycle(out: ByteWriter): void {
  out.truncate(0);
  // One that is busy is still written to: a codec of the user's has ended the connection.
  if (!out.busy && pool.length < POOL_SIZE && out.bytes.length <= POOLED_BYTES) pool.push(out);
}
