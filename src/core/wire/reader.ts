/**
 * Bytes to boxes, pulled one at a time.
 *
 * Pulled, because after a StartTLS or a protocol switch the rest of a chunk is not AMP: the reader can be
 * stopped between any two boxes, and {@link BoxReader.takeRest} gives out what it has not consumed.
 *
 * Ownership: large values are handed out as views of the chunk that they came in, to which nobody writes again: the
 * reader itself only where it alone has the chunk. Out of a lent one a large box is copied first, and what is left is
 * copied before the chunk is given back. A box that straddles chunks is gathered in an accumulator, which doubles: joining
 * chunks each time would cost the square of a box that drips in. For a large box the accumulator may be the chunk that
 * the box begins in; and a transport that can choose reads into what is free of the accumulator, see {@link BoxReader.room}.
 */
import { BoxTooLarge, KeyTooLong, MalformedAmpBox } from "../errors/peer.ts";
import { unfilledBytes } from "../platform.ts";
import type { ChunkOwnership } from "../transport.ts";
import type { Box } from "./box.ts";
import { DEFAULT_LIMITS, type LimitOptions } from "./box-limits.ts";
import { Chunks } from "./chunks.ts";
import { copiedBytes, Frame, MAX_RETENTION_FACTOR, VIEW_BYTES } from "./frame.ts";
import { KEY_TOO_LONG, scanBox, TOO_MANY_BYTES } from "./scan.ts";

type ReaderLimits = Pick<LimitOptions, "maxBoxBytes" | "maxBoxKeys">;

const NOTHING = new Uint8Array(0);

/** How many times the bytes that have come are made room for, where so many are announced. */
const ANNOUNCED_FACTOR = 16;
/** Room for what follows a value: a short key or the end of the box. Else that alone would move a large value once more. */
const TAIL_BYTES = 64;
/** Room at most for the large boxes that one read may bring. */
const READ_BYTES = 256 * 1024;
/** A box, and room, that is worth being read into its place. */
const LARGE_BYTES = READ_BYTES / MAX_RETENTION_FACTOR;
/** Room for the keys before a large value: so much of the next box tells its length. */
const HEAD_BYTES = 256;

/** Reads boxes out of a stream that comes in pieces. */
export class BoxReader {
  readonly #maxBoxBytes: number;
  readonly #maxBoxKeys: number;
  readonly #frame = new Frame();

  /** The chunk being read, from `#position` to `#end`; and those that came after it. */
  #chunk: Uint8Array = NOTHING;
  #position = 0;
  #end = 0;
  /** Of the chunk being read. `shared` too once a value that was handed out may be a view of it. */
  #ownership: ChunkOwnership = "shared";
  #later: Chunks | undefined;

  /** The beginning of a box whose end has not come yet. It always starts at 0. */
  #partial: Uint8Array = NOTHING;
  #partialLength = 0;
  /** Bytes of the last chunk that came from a transport which would read into our own; 0 from any other. */
  #lastRead = 0;

  /** Bytes of the stream before the box being read. */
  #offset = 0;

  /** @param limits of one box; those of a connection by default */
  constructor(limits: ReaderLimits = {}) {
    this.#maxBoxBytes = limits.maxBoxBytes ?? DEFAULT_LIMITS.maxBoxBytes;
    this.#maxBoxKeys = limits.maxBoxKeys ?? DEFAULT_LIMITS.maxBoxKeys;
  }

  /** Bytes from the beginning of the stream to the box that is read next. */
  get offset(): number {
    return this.#offset;
  }

  /** Bytes received and not yet given out as boxes. */
  get buffered(): number {
    return this.#partialLength + this.#end - this.#position + (this.#later?.bytes ?? 0);
  }

  /**
   * Hands bytes in, any number, cut anywhere.
   * @param ownership whose they are, default `shared`; lent ones until {@link giveBack}
   */
  push(chunk: Uint8Array, ownership: ChunkOwnership = "shared"): void {
    if (chunk.length === 0) return;
    if (this.#position < this.#end) return this.#queue(chunk, ownership);
    const inRoom = ownership === "owned" && this.#isInRoom(chunk);
    this.#lastRead = inRoom || ownership === "borrowed" ? chunk.length : 0;
    if (inRoom)
      this.#begin(this.#partial, ownership, this.#partialLength, this.#partialLength + chunk.length);
    else this.#begin(chunk, ownership);
  }

  /**
   * Where the next bytes had best be, behind the beginning of a large box; undefined where it does not matter. Good for
   * one read: what is read into it is pushed before anything else, as the beginning of this very memory and `sole`.
   */
  room(): Uint8Array | undefined {
    const taken = this.#partialLength;
    const isNext = taken > 0 && this.#position === this.#end;
    return isNext && this.#partial.length - taken >= LARGE_BYTES ? this.#partial.subarray(taken) : undefined;
  }

  #isInRoom({ buffer, byteOffset }: Uint8Array): boolean {
    if (this.#partialLength === 0) return false;
    return buffer === this.#partial.buffer && byteOffset === this.#partial.byteOffset + this.#partialLength;
  }

  #queue(chunk: Uint8Array, ownership: ChunkOwnership): void {
    this.#later ??= new Chunks();
    this.#later.push(ownership === "borrowed" ? copiedBytes(chunk, 0, chunk.length) : chunk);
  }

  /** A chunk that was lent may be written to from now on, and so may the last frame's bytes: what is left is copied. */
  giveBack(): void {
    if (this.#ownership === "borrowed")
      this.#begin(copiedBytes(this.#chunk, this.#position, this.#end), "owned");
  }

  /**
   * The next box, safe to keep; undefined when more bytes are needed.
   * @throws KeyTooLong, BoxTooLarge: the stream is no use from there on
   */
  next(): Box | undefined {
    return this.nextFrame()?.toBox();
  }

  /** The same without copying: good until the next box is asked for. */
  nextFrame(): Frame | undefined {
    return this.#partialLength === 0 ? this.#nextFromChunk() : this.#nextFromPartial();
  }

  /** What has not been given out, as one run of bytes. The reader is empty afterwards. */
  takeRest(): Uint8Array {
    const rest = new Uint8Array(this.buffered);
    let length = this.#partialLength;
    rest.set(this.#partial.subarray(0, length));
    for (; this.#position < this.#end; this.#nextChunk()) {
      const part = this.#chunk.subarray(this.#position, this.#end);
      rest.set(part, length);
      length += part.length;
    }
    this.#partial = NOTHING;
    this.#partialLength = 0;
    return rest;
  }

  /**
   * The stream has ended.
   * @throws MalformedAmpBox when it ended inside a box
   */
  end(): void {
    const rest = this.buffered;
    if (rest > 0) {
      throw new MalformedAmpBox(
        `the stream ended inside a box: ${rest} bytes of it had come, from byte ${this.#offset} on`,
      );
    }
  }

  #nextFromChunk(): Frame | undefined {
    const chunk = this.#chunk;
    const frame = this.#frame;
    const start = this.#position;
    if (start === this.#end) {
      frame.leave(); // or it would keep the last chunk alive, for as long as the peer says nothing more
      return undefined;
    }
    frame.clear(chunk, start);
    const missing = this.#scan(start, this.#end);
    if (missing === 0) {
      const length = frame.cursor - start;
      this.#position = frame.cursor;
      this.#offset += length;
      if (length >= VIEW_BYTES) this.#handOut(start, length);
      if (this.#position === this.#end) this.#nextChunk();
      return frame;
    }
    this.#movePartial(missing);
    return this.#nextFromPartial();
  }

  #nextFromPartial(): Frame | undefined {
    for (;;) {
      const missing = this.#scan(0, this.#partialLength);
      if (missing === 0) {
        // The accumulator goes with the frame: large values are views of it.
        if (this.#chunk === this.#partial) this.#ownership = "shared";
        this.#offset += this.#partialLength;
        this.#partial = NOTHING;
        this.#partialLength = 0;
        return this.#frame;
      }
      const available = this.#end - this.#position;
      if (available === 0) return undefined;
      const taken = Math.min(missing, available);
      // What was read into its place is there already.
      if (this.#chunk === this.#partial) this.#partialLength += taken;
      else this.#appendPartial(this.#chunk.subarray(this.#position, this.#position + taken));
      this.#position += taken;
      if (this.#position === this.#end) this.#nextChunk();
    }
  }

  /** Values of this box may be handed out as views of where it lies. */
  #handOut(start: number, length: number): void {
    if (this.#ownership !== "borrowed") this.#ownership = "shared";
    else this.#frame.moveTo(copiedBytes(this.#chunk, start, start + length), start);
  }

  /** The rest of the chunk is the beginning of a box. */
  #movePartial(missing: number): void {
    const chunk = this.#chunk;
    const rest = this.#end - this.#position;
    const needed = rest + missing + TAIL_BYTES;
    if (needed <= chunk.length && needed >= chunk.length / 2 && this.#ownership === "owned") {
      // A large box, whose place can be the chunk itself: nobody else has a part of it.
      chunk.copyWithin(0, this.#position, this.#end);
      this.#partial = chunk;
    } else {
      // Copied, so that a few bytes do not keep a chunk alive. What is announced is believed once a part of it is there:
      // a few bytes must not cost us a large value's room.
      const believed = Math.min(needed, rest * ANNOUNCED_FACTOR + TAIL_BYTES);
      this.#partial = bytesFor(Math.max(believed, this.#roomAhead(needed)));
      this.#partial.set(chunk.subarray(this.#position, this.#end));
    }
    this.#partialLength = rest;
    this.#frame.moveTo(this.#partial, this.#position);
    this.#nextChunk();
  }

  /**
   * Bytes for this box and others as long, where the next read may bring them: twice as much as the last one brought. It
   * ends in the head of one more box, so that little of that has to be moved.
   */
  #roomAhead(boxBytes: number): number {
    if (boxBytes < LARGE_BYTES) return 0;
    const boxes = Math.floor((Math.min(2 * this.#lastRead, READ_BYTES) - HEAD_BYTES) / boxBytes);
    return boxes * boxBytes + HEAD_BYTES;
  }

  #appendPartial(bytes: Uint8Array): void {
    const needed = this.#partialLength + bytes.length;
    if (needed > this.#partial.length) {
      const grown = bytesFor(Math.max(needed, this.#partial.length * 2) + TAIL_BYTES);
      grown.set(this.#partial.subarray(0, this.#partialLength));
      this.#partial = grown;
      this.#frame.moveTo(grown, 0);
    }
    this.#partial.set(bytes, this.#partialLength);
    this.#partialLength = needed;
  }

  #nextChunk(): void {
    this.#begin(this.#later?.shift() ?? NOTHING, "shared");
  }

  #begin(chunk: Uint8Array, ownership: ChunkOwnership, position = 0, end = chunk.length): void {
    this.#chunk = chunk;
    this.#position = position;
    this.#end = end;
    this.#ownership = ownership;
  }

  /** Goes on with the box that begins at `start`. Returns 0 when it is whole, or how many bytes at least are missing. */
  #scan(start: number, end: number): number {
    const missing = scanBox(this.#frame, end, start + this.#maxBoxBytes, this.#maxBoxKeys);
    if (missing >= 0) return missing;
    if (missing === KEY_TOO_LONG) throw this.#keyTooLong(start, end);
    if (missing === TOO_MANY_BYTES) throw this.#tooLarge("maxBoxBytes", this.#maxBoxBytes);
    throw this.#tooLarge("maxBoxKeys", this.#maxBoxKeys);
  }

  #keyTooLong(start: number, end: number): KeyTooLong {
    const { bytes, cursor } = this.#frame;
    const seen = bytes.subarray(cursor, Math.min(end, cursor + 16));
    const hex = Array.from(seen, (byte) => byte.toString(16).padStart(2, "0")).join(" ");
    const text = Array.from(seen, (byte) =>
      byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : ".",
    ).join("");
    return new KeyTooLong(
      `this is not AMP: at byte ${this.#offset + cursor - start} a key length over 255 begins: ${hex} (${text})`,
    );
  }

  #tooLarge(limit: keyof ReaderLimits, value: number): BoxTooLarge {
    return new BoxTooLarge(`the box at byte ${this.#offset} is over the limit ${limit} (${value})`);
  }
}

/** Bytes to gather a box in. */
function bytesFor(count: number): Uint8Array {
  return count < VIEW_BYTES ? new Uint8Array(count) : unfilledBytes(count);
}

/**
 * Every box in `bytes`, each safe to keep.
 * @throws MalformedAmpBox when the bytes are not boxes, whole ones
 */
export function parseBoxes(bytes: Uint8Array, limits?: ReaderLimits): Box[] {
  const reader = new BoxReader(limits);
  reader.push(bytes);
  const boxes: Box[] = [];
  for (let box = reader.next(); box !== undefined; box = reader.next()) boxes.push(box);
  reader.end();
  return boxes;
}
