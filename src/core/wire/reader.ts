/**
 * Bytes to boxes, pulled one at a time.
 *
 * Pulled, because after StartTLS or a protocol switch the rest of a chunk is not AMP: the reader can be stopped between
 * any two boxes, and {@link BoxReader.takeRest} returns the bytes that it has not consumed.
 *
 * Ownership: large values are views of the chunk that they arrived in, if it is all of its buffer. The reader writes to a chunk only if it is `owned`
 * and no value is a view of it. A large box in a `borrowed` chunk is copied first, and unread bytes of the chunk are
 * copied when it is given back. A box that spans chunks is collected in a {@link PartialBox}.
 */
import { BoxTooLarge, KeyTooLong, MalformedAmpBox } from "../errors/peer.ts";
import { checkIsObject } from "../option-names.ts";
import type { ChunkOwnership } from "../transport.ts";
import type { Box } from "./box.ts";
import { type BoxLimits, DEFAULT_BOX_LIMITS } from "./box-limits.ts";
import { Chunks } from "./chunks.ts";
import { copiedBytes, Frame, VIEW_BYTES } from "./frame.ts";
import { PartialBox } from "./partial-box.ts";
import { KEY_TOO_LONG, scanBox, TOO_MANY_BYTES } from "./scan.ts";
import { isBytes, wrongType } from "./value-text.ts";

/** Limits of one box; `undefined` means the default. */
type ReaderLimits = { readonly [Name in keyof BoxLimits]?: BoxLimits[Name] | undefined };

const NOTHING = new Uint8Array(0);

/** Reads boxes from a stream that arrives in chunks. */
export class BoxReader {
  readonly #maxBoxBytes: number;
  readonly #maxBoxKeys: number;
  readonly frame = new Frame();

  /** The chunk being read, from `#position` to `#end`. */
  #chunk: Uint8Array = NOTHING;
  #position = 0;
  #end = 0;
  /** Ownership of `#chunk`. Becomes `shared` when a value may be a view of it. */
  #ownership: ChunkOwnership = "shared";
  /** The chunks after `#chunk`. */
  #later: Chunks | undefined;

  /** The box that has not arrived completely, if its bytes were taken out of the chunks. */
  #partial: PartialBox | undefined;
  /** Bytes of the last chunk if its transport can read into the buffer of a partial box, else 0. */
  #lastRead = 0;

  /** Bytes of the stream before the box being read. */
  #offset = 0;

  /** @param limits of one box. Default: 1 MiB, 1,000 keys */
  constructor(limits: ReaderLimits = {}) {
    checkIsObject("BoxReader", limits);
    this.#maxBoxBytes = limits.maxBoxBytes ?? DEFAULT_BOX_LIMITS.maxBoxBytes;
    this.#maxBoxKeys = limits.maxBoxKeys ?? DEFAULT_BOX_LIMITS.maxBoxKeys;
  }

  /** Bytes from the beginning of the stream to the box that is read next. */
  get offset(): number {
    return this.#offset;
  }

  /** Bytes received and not yet returned as boxes. */
  get buffered(): number {
    return (this.#partial?.length ?? 0) + this.#end - this.#position + (this.#later?.bytes ?? 0);
  }

  /**
   * Adds received bytes: any number, split anywhere.
   * @param ownership default `shared`; `borrowed` bytes are read until {@link giveBack}
   */
  push(chunk: Uint8Array, ownership: ChunkOwnership = "shared"): void {
    if (chunk.length === 0) return;
    if (this.#position < this.#end) return this.#queue(chunk, ownership);
    const partial = this.#partial;
    const inRoom = ownership === "owned" && partial?.isInRoom(chunk) === true;
    this.#lastRead = inRoom || ownership === "borrowed" ? chunk.length : 0;
    if (inRoom) this.#begin(partial.bytes, ownership, partial.length, partial.length + chunk.length);
    else this.#begin(chunk, ownership);
  }

  /**
   * Memory for the next bytes of a large box; undefined if the place does not matter. Valid for one read: bytes that
   * are read into it must be pushed before any others, as the beginning of this memory and `owned`.
   */
  room(): Uint8Array | undefined {
    return this.#position === this.#end ? this.#partial?.room() : undefined;
  }

  #queue(chunk: Uint8Array, ownership: ChunkOwnership): void {
    this.#later ??= new Chunks();
    this.#later.push(ownership === "borrowed" ? copiedBytes(chunk, 0, chunk.length) : chunk);
  }

  /** Ends the use of a borrowed chunk and of the last frame: the owner may overwrite them. Unread bytes are copied. */
  giveBack(): void {
    if (this.#ownership === "borrowed")
      this.#begin(copiedBytes(this.#chunk, this.#position, this.#end), "owned");
  }

  /**
   * Returns the next box, which may be kept; undefined if more bytes are needed.
   * @throws KeyTooLong, BoxTooLarge: the rest of the stream cannot be read
   */
  next(): Box | undefined {
    return this.nextFrame()?.toBox();
  }

  /** Returns the next box without a copy, valid until the next call; undefined if more bytes are needed. */
  nextFrame(): Frame | undefined {
    const partial = this.#partial;
    return partial === undefined ? this.#nextFromChunk() : this.#nextFromPartial(partial);
  }

  /** Returns the unread bytes in one array, and empties the reader. */
  takeRest(): Uint8Array {
    const rest = new Uint8Array(this.buffered);
    const partial = this.#partial;
    let length = partial?.length ?? 0;
    if (partial !== undefined) rest.set(partial.bytes.subarray(0, length));
    for (; this.#position < this.#end; this.#nextChunk()) {
      const piece = this.#chunk.subarray(this.#position, this.#end);
      rest.set(piece, length);
      length += piece.length;
    }
    this.#partial = undefined;
    return rest;
  }

  /** Drops the unread bytes. */
  drop(): void {
    while (this.#position < this.#end) this.#nextChunk();
    this.#partial = undefined;
  }

  /**
   * Checks the end of the stream.
   * @throws MalformedAmpBox if the stream ended inside a box
   */
  end(): void {
    const rest = this.buffered;
    if (rest > 0) {
      throw new MalformedAmpBox(
        `the stream ended inside the box at byte ${this.#offset}: ${rest} bytes of it were received`,
      );
    }
  }

  #nextFromChunk(): Frame | undefined {
    const chunk = this.#chunk;
    const frame = this.frame;
    const start = this.#position;
    if (start === this.#end) {
      frame.release(); // an idle connection must not keep its last chunk alive
      return undefined;
    }
    frame.clear(chunk, start);
    const missing = this.#scan(start, this.#end);
    if (missing === 0) {
      const length = frame.cursor - start;
      this.#position = frame.cursor;
      this.#offset += length;
      if (length >= VIEW_BYTES) this.#protect(start, length);
      if (this.#position === this.#end) this.#nextChunk();
      return frame;
    }
    return this.#nextFromPartial(this.#takePartial(missing));
  }

  /** Moves the rest of the chunk, which is the beginning of a box, into a partial box. */
  #takePartial(missing: number): PartialBox {
    const start = this.#position;
    const mayKeep = this.#ownership === "owned";
    const partial = new PartialBox(this.#chunk, start, this.#end, missing, mayKeep, this.#lastRead);
    this.#partial = partial;
    this.frame.moveTo(partial.bytes, start);
    this.#nextChunk();
    return partial;
  }

  #nextFromPartial(partial: PartialBox): Frame | undefined {
    for (;;) {
      const missing = this.#scan(0, partial.length);
      if (missing === 0) {
        const inPlace = this.#chunk === partial.bytes;
        partial.seal(inPlace ? this.#end : partial.length);
        // Large values may be views of the buffer, so it is not written to again.
        if (inPlace) this.#ownership = "shared";
        this.#offset += partial.length;
        this.#partial = undefined;
        return this.frame;
      }
      const available = this.#end - this.#position;
      if (available === 0) return undefined;
      const taken = Math.min(missing, available);
      // A chunk that was read into the buffer is in place already.
      if (this.#chunk === partial.bytes) partial.length += taken;
      else partial.append(this.#chunk.subarray(this.#position, this.#position + taken), this.frame);
      this.#position += taken;
      if (this.#position === this.#end) this.#nextChunk();
    }
  }

  /** Makes sure that nothing writes to the bytes of a box whose values may be views of them. */
  #protect(start: number, length: number): void {
    if (this.#ownership !== "borrowed") this.#ownership = "shared";
    else this.frame.moveTo(copiedBytes(this.#chunk, start, start + length), start);
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

  /** Continues with the box that begins at `start`. Returns 0 if it is complete, else how many bytes are missing at least. */
  #scan(start: number, end: number): number {
    const missing = scanBox(this.frame, end, start + this.#maxBoxBytes, this.#maxBoxKeys);
    if (missing < 0) throw this.#refusal(missing, start, end);
    return missing;
  }

  #refusal(reason: number, start: number, end: number): Error {
    if (reason === KEY_TOO_LONG) return this.#keyTooLong(start, end);
    const limit =
      reason === TOO_MANY_BYTES ? `maxBoxBytes (${this.#maxBoxBytes})` : `maxBoxKeys (${this.#maxBoxKeys})`;
    return new BoxTooLarge(`the box at byte ${this.#offset} is over the limit ${limit}`);
  }

  #keyTooLong(start: number, end: number): KeyTooLong {
    const { bytes, cursor } = this.frame;
    const seen = bytes.subarray(cursor, Math.min(end, cursor + 16));
    const hex = Array.from(seen, (byte) => byte.toString(16).padStart(2, "0")).join(" ");
    const text = Array.from(seen, (byte) =>
      byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : ".",
    ).join("");
    return new KeyTooLong(
      `this is not AMP: the key length at byte ${this.#offset + cursor - start} is over 255: ${hex} (${text})`,
    );
  }
}

/**
 * Parses all boxes in `bytes`. They may be kept.
 * @throws MalformedAmpBox if the bytes are not a sequence of complete boxes; InvalidSignature for a value that is not a Uint8Array
 */
export function parseBoxes(bytes: Uint8Array, limits?: ReaderLimits): Box[] {
  if (!isBytes(bytes)) throw wrongType("the bytes to parse", "a Uint8Array", bytes);
  const reader = new BoxReader(limits);
  reader.push(bytes);
  const boxes: Box[] = [];
  for (let box = reader.next(); box !== undefined; box = reader.next()) boxes.push(box);
  reader.end();
  return boxes;
}
