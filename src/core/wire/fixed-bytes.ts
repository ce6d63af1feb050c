const WORD = 4;

/**
 * Bytes that are written, or looked for, again and again: made ready to be handled four at a time.
 *
 * In a loop V8 looks anew at each turn whether what it is given is still an array of bytes, and how long: a turn costs
 * some forty instructions, for one byte as for four.
 */
export class FixedBytes {
  readonly words: Int32Array;
  readonly length: number;
  /** The first four, or as many as there are. */
  readonly #first: number;
  readonly #firstMask: number;
  /** The last four, where there are more than that. Some may be among the first. */
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

  /** Whether these bytes stand there. Four bytes from there on must be there in any case. */
  standAt(view: DataView, start: number): boolean {
    const { length } = this;
    if ((view.getInt32(start, true) & this.#firstMask) !== this.#first) return false;
    if (length <= WORD) return true;
    if (view.getInt32(start + length - WORD, true) !== this.#last) return false;
    return length <= 2 * WORD || this.#middleStandsAt(view, start);
  }

  #middleStandsAt(view: DataView, start: number): boolean {
    const { words } = this;
    const last = words.length - 1;
    for (let index = 1; index < last; index++)
      if (view.getInt32(start + index * WORD, true) !== words[index]) return false;
    return true;
  }
}
