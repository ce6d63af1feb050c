/** The same box many times over in one run of bytes: any number of boxes is then one write, and no encoding. */
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

/** One slab of asks for all the connections of a client. */
export function repeatedAsks(box) {
  asks ??= new Repeated(box);
  return asks;
}
