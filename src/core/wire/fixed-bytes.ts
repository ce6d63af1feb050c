/** Bytes that never change, such as a key, prepared to be compared and written four at a time. */

const WORD = 4;

/**
 * Bytes that are written or searched for again and again. As 32-bit words, because one pass of a loop costs V8 about 40
 * instructions for the checks of type and length, for one byte as for four.
 */
export class FixedBytes {
  readonly words: Int32Array;
  readonly length: number;
  /** The first four bytes, or all if there are fewer. */
  readonly #first: number;
  readonly #firstMask: number;
  /** The last four bytes if there are more than four. They may overlap the first four. */
  readonly #last: number;

  constructor(bytes: Uint8Array) {
    const { length } = bytes;
    const padded = new Uint8Array(Math.ceil(length / WORD) * WORD);
    padded.set(bytes);
    const view = new DataView(padded.buffer);
    this.words = Int32Array.from({ length: padded.length / WORD }, (_, index) =>
      view.getInt32(index * WORD, true),
    );
    this.length = length;
    this.#first = length === 0 ? 0 : view.getInt32(0, true);
    this.#firstMask = length < WORD ? (1 << (length * 8)) - 1 : -1;
    this.#last = length > WORD ? view.getInt32(length - WORD, true) : 0;
  }

  /** Returns true if `view` contains these bytes at `start`. At least four bytes must follow `start`. */
  isAt(view: DataView, start: number): boolean {
    const { length } = this;
    if ((view.getInt32(start, true) & this.#firstMask) !== this.#first) return false;
    if (length <= WORD) return true;
    if (view.getInt32(start + length - WORD, true) !== this.#last) return false;
    return length <= 2 * WORD || this.#middleIsAt(view, start);
  }

  #middleIsAt(view: DataView, start: number): boolean {
    const { words } = this;
    const last = words.length - 1;
    for (let index = 1; index < last; index++)
      if (view.getInt32(start + index * WORD, true) !== words[index]) return false;
    return true;
  }
}
