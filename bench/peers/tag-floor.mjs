/**
 * The floor with promises for answers in any order, which AMP allows: each ask has its own tag, the server returns the
 * tag, and the client finds the promise by it. Boxes are made before the run except for their tags. All have the same
 * length, so that neither end searches for their ends.
 */
import { boxesOf, TAG, writeTag } from "./by-hand/boxes.mjs";
import { closeSocket, openSocket, serveSockets } from "./by-hand/stream.mjs";

const TAG_LENGTH = TAG.length;
const FIRST_TAG = 16 ** (TAG_LENGTH - 1);
const END_OF_TAGS = 16 ** TAG_LENGTH;

/** Buffer of copies of one box. */
class Slab {
  #box;
  #tagAt;
  #bytes;
  #length = 0;

  constructor(box, room) {
    this.#box = box;
    this.#tagAt = box.indexOf(TAG);
    this.#bytes = Buffer.alloc(room * box.length);
  }

  get empty() {
    return this.#length === 0;
  }

  /** Appends a box and returns the offset of its tag. */
  append() {
    const box = this.#box;
    const start = this.#length;
    if (start === this.#bytes.length) this.#bytes = Buffer.concat([this.#bytes, this.#bytes]);
    for (let i = 0; i < box.length; i++) this.#bytes[start + i] = box[i];
    this.#length = start + box.length;
    return start + this.#tagAt;
  }

  get bytes() {
    return this.#bytes;
  }

  write(socket) {
    socket.write(Buffer.from(this.#bytes.subarray(0, this.#length)));
    this.#length = 0;
  }
}

/** Returns a handler of chunks that calls `received(bytes, tagAt)` for each box: the buffer and the offset of the tag. */
function boxes(box, received, chunkDone = () => {}) {
  const { length } = box;
  const tagAt = box.indexOf(TAG);
  let rest;
  return (chunk) => {
    const bytes = rest === undefined ? chunk : Buffer.concat([rest, chunk]);
    let at = 0;
    for (; at + length <= bytes.length; at += length) received(bytes, at + tagAt);
    rest = at === bytes.length ? undefined : bytes.subarray(at);
    chunkDone();
  };
}

export function serve(setup) {
  const { ask, answer } = boxesOf(setup.work);
  return serveSockets(setup, (socket) => {
    const slab = new Slab(answer, 64);
    const answerOne = (bytes, from) => {
      const to = slab.append();
      for (let i = 0; i < TAG_LENGTH; i++) slab.bytes[to + i] = bytes[from + i];
    };
    socket.on(
      "data",
      boxes(ask, answerOne, () => slab.empty || slab.write(socket)),
    );
  });
}

export async function open(setup) {
  const socket = await openSocket(setup);
  const { ask, answer } = boxesOf(setup.work);
  // A ring for all calls in flight, as in the floor with promises.
  const ring = new Array(2 ** Math.ceil(Math.log2((setup.work.inFlight ?? 1) + 1))).fill(undefined);
  const mask = ring.length - 1;
  const slab = new Slab(ask, 64);
  let asked = FIRST_TAG;
  const flush = () => slab.write(socket);
  const executor = (resolve) => {
    ring[asked & mask] = resolve;
  };
  socket.on(
    "data",
    boxes(answer, (bytes, at) => ring[tagAt(bytes, at) & mask]()),
  );
  return {
    call: () => {
      if (slab.empty) queueMicrotask(flush);
      asked = asked + 1 === END_OF_TAGS ? FIRST_TAG : asked + 1;
      const at = slab.append();
      writeTag(slab.bytes, at + TAG_LENGTH, asked);
      return new Promise(executor);
    },
    close: () => closeSocket(socket),
  };
}

function tagAt(bytes, at) {
  let tag = 0;
  for (let i = 0; i < TAG_LENGTH; i++) {
    const byte = bytes[at + i];
    tag = tag * 16 + (byte < 0x3a ? byte - 0x30 : byte - 0x61 + 10);
  }
  return tag;
}
