/** Copies of one box in one buffer, so that many boxes are sent with one write and without encoding. */
const SLAB_BYTES = 256 * 1024;

export class Repeated {
  #length;
  #slab;
  #copies;

  constructor(box) {
    this.#length = box.length;
    this.#copies = Math.max(1, Math.ceil(SLAB_BYTES / box.length));
    this.#slab = Buffer.concat(Array.from({ length: this.#copies }, () => box));
  }

  write(socket, count) {
    for (let left = count; left > 0; left -= this.#copies) {
      socket.write(this.#slab.subarray(0, Math.min(left, this.#copies) * this.#length));
    }
  }
}

let asks;

/** Returns the copies of an ask, which all connections of a client share. */
export function repeatedAsks(box) {
  asks ??= new Repeated(box);
  return asks;
}
