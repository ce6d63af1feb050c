/** Counts the boxes that end in each chunk, and does nothing else: the least that a reader of AMP can do. */
export class EndFinder {
  /** Bytes of a key or value still to be stepped over. */
  #skip = 0;
  /** The first byte of a length that was cut in two. */
  #high = -1;
  #expectsKey = true;

  /** How many boxes end in this chunk. */
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
