/**
 * One end of a connection, without a socket, whose instructions are counted: `node one-end.mjs ROLE DIST CALLS`. The
 * boxes of the peer are made before the run; only their tags are written during it.
 */
import { boxBytes, boxesOf, writeTag } from "../peers/by-hand/boxes.mjs";

const IN_FLIGHT = 64;

const [role, dist, calls] = process.argv.slice(2);
const { command, integer, locator, Connection } = await import(new URL("index.js", dist));
const giveFastPaths = await fastPathsOf(dist);
const Sum = command("Sum", { arguments: { a: integer(), b: integer() }, response: { total: integer() } });
const { ask } = boxesOf({ kind: "sum" });
/** Offset of the tag in an answer. */
const TAG_AT = answerTo("x").indexOf("x");

let receiver;
/** A transport that accepts all data at once. */
const transport = {
  tls: undefined,
  unsent: 0,
  undelivered: 0,
  start: (given) => {
    receiver = given;
  },
  write: () => {},
  flushed: () => Promise.resolve(),
  pause: () => {},
  resume: () => {},
  end: () => {},
  destroy: () => {},
};
// The time does not advance: under valgrind, reading would yield after every few boxes.
const clock = { now: () => 0, setTimeout, clearTimeout };

/** Returns a function that gives a connection what `ampwire/node` gives it. A build before generated code has nothing to give. */
async function fastPathsOf(dist) {
  try {
    const { giveFastPaths } = await import(new URL("node/fast-paths.js", dist));
    const { kernelOf } = await import(new URL("core/connection/connection.js", dist));
    return (connection) => giveFastPaths(kernelOf(connection), process.env.GENERATE_CODE !== "0");
  } catch {
    return () => {};
  }
}

async function serve(rounds) {
  const responders = locator(Sum.responder(({ a, b }) => ({ total: a + b })));
  giveFastPaths(new Connection(transport, clock, { locator: responders }));
  const asks = copies(ask);
  for (let round = 0; round < rounds; round++) {
    receiver.received(asks, true);
    await undefined; // The answers are written in this microtask.
  }
}

async function call(rounds) {
  const connection = new Connection(transport, clock);
  giveFastPaths(connection);
  const args = { a: 13, b: 81 };
  const answers = new Answers();
  const made = [];
  for (let round = 0; round < rounds; round++) {
    for (let index = 0; index < IN_FLIGHT; index++) made[index] = connection.callRemote(Sum, args);
    await undefined; // The asks are written in this microtask.
    receiver.received(answers.next(), true);
    for (let index = 0; index < IN_FLIGHT; index++) {
      if ((await made[index]).total !== 94) throw new Error("the answer is not 94");
    }
  }
}

function copies(box) {
  return Buffer.concat(Array.from({ length: IN_FLIGHT }, () => box));
}

/** Answers to `IN_FLIGHT` calls at a time, in order of their tags. */
class Answers {
  #tag = 0;
  /** Bytes of the answers, by the number of digits in their tags. */
  #cache = new Map();

  next() {
    const first = this.#tag + 1;
    const lengths = [first, first + IN_FLIGHT - 1].map((tag) => tag.toString(16).length);
    if (lengths[0] !== lengths[1]) return this.#mixed();
    const bytes = this.#of(lengths[0]);
    const length = bytes.length / IN_FLIGHT;
    for (let end = TAG_AT + lengths[0]; end < bytes.length; end += length) writeTag(bytes, end, ++this.#tag);
    return bytes;
  }

  #of(digits) {
    if (!this.#cache.has(digits)) this.#cache.set(digits, copies(answerTo("0".repeat(digits))));
    return this.#cache.get(digits);
  }

  #mixed() {
    return Buffer.concat(Array.from({ length: IN_FLIGHT }, () => answerTo((++this.#tag).toString(16))));
  }
}

function answerTo(tag) {
  return boxBytes({ _answer: tag, total: "94" });
}

await { server: serve, client: call }[role](Math.ceil(calls / IN_FLIGHT));
process.exit(0);
