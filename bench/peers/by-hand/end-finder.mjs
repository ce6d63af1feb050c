/** Counts the boxes that end in each chunk and does nothing else: the minimum work of a reader of AMP. */
export class EndFinder {
  /** Number of bytes of the current key or value that are still to be skipped. */
  #skip = 0;
  /** First byte of a length that is split across two chunks, or -1. */
  #high = -1;
  #expectsKey = true;

  /** Returns the number of boxes that end in this chunk. */
  count(chunk) {
    const end = chunk.length;
    let at = this.#skip;
    let high = this.#high;
    let expectsKey = this.#expectsKey;
    let ends = 0;
    while (at < end) {
      if (high < 0) {
        high = chunk[at++];
        continue;
      }
      const length = high * 256 + chunk[at++];
      high = -1;
      if (expectsKey && length === 0) ends++;
      else {
        expectsKey = !expectsKey;
        at += length;
      }
    }
    this.#skip = at - end;
    this.#high = high;
    this.#expectsKey = expectsKey;
    return ends;
  }
}
