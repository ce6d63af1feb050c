/**
 * Bytes that are written, or looked for, again and again: made ready to be handled four at a time.
 *
 * In a loop V8 looks anew at each turn whether what it is given is still an array of bytes, and how long: a turn costs
 * some forty instructions, for one byte as for four.
 */
export class FixedBytes {
  readonly words: Int32Array;
  readonly length: number;
  /** Which bits of the last word belong to it. */
  readonly #lastMask: number;

  constructor(bytes: Uint8Array) {
    const padded = new Uint8Array(Math.ceil(bytes.length / 4) * 4);
    padded.set(bytes);
    this.words = Int32Array.from({ length: padded.length / 4 }, (_, index) => wordAt(padded, index * 4));
    this.length = bytes.length;
    this.#lastMask = (-1 >>> ((padded.length - bytes.length) * 8)) | 0;
  }

  /** Whether these bytes stand there. What lies up to three bytes behind them does not matter, nor whether anything does. */
  standAt(bytes: Uint8Array, start: number): boolean {
    const { words } = this;
    const last = words.length - 1;
    let at = start;
    for (let index = 0; index < last; index++, at += 4) if (wordAt(bytes, at) !== words[index]) return false;
    return (wordAt(bytes, at) & this.#lastMask) === words[last];
  }
}

/** Four bytes as one number, the first of them the lowest: the same on every machine. */
export function wordAt(bytes: Uint8Array, at: number): number {
  return (
    (bytes[at] as number) |
    ((bytes[at + 1] as number) << 8) |
    ((bytes[at + 2] as number) << 16) |
    ((bytes[at + 3] as number) << 24)
  );
}
