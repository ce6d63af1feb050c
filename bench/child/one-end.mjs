/**
 * One end of a connection alone, without a socket, for counting its instructions: `node one-end.mjs ROLE DIST CALLS`.
 * What the other end would send is made beforehand, but for the tags.
 */
import { performance } from "node:perf_hooks";
import { boxBytes, boxesOf, writeTag } from "../peers/by-hand/boxes.mjs";

const IN_FLIGHT = 64;

const [role, dist, calls] = process.argv.slice(2);
const { command, integer, locator, Connection } = await import(new URL("index.js", dist));
const Sum = command("Sum", { arguments: { a: integer(), b: integer() }, response: { total: integer() } });
const { ask } = boxesOf({ kind: "sum" });
/** Where the tag of an answer begins. */
const TAG_AT = answerTo("x").indexOf("x");

let receiver;
/** Takes everything at once. */
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
const clock = { now: () => performance.now(), setTimeout, clearTimeout };

async function serve(rounds) {
  const responders = locator(Sum.responder(({ a, b }) => ({ total: a + b })));
  new Connection(transport, clock, { locator: responders });
  const asks = copies(ask);
  for (let round = 0; round < rounds; round++) {
    receiver.received(asks, true);
    await undefined; // now the answers are written
  }
}

async function call(rounds) {
  const connection = new Connection(transport, clock);
  const args = { a: 13, b: 81 };
  const answers = new Answers();
  const made = [];
  for (let round = 0; round < rounds; round++) {
    for (let index = 0; index < IN_FLIGHT; index++) made[index] = connection.callRemote(Sum, args);
    await undefined; // now the asks are written
    receiver.received(answers.next(), true);
    for (let index = 0; index < IN_FLIGHT; index++) {
      if ((await made[index]).total !== 94) throw new Error("a wrong answer");
    }
  }
}

function copies(box) {
  return Buffer.concat(Array.from({ length: IN_FLIGHT }, () => box));
}

/** Answers to so many calls at a time, in order. */
class Answers {
  #tag = 0;
  /** By the number of digits in their tags. */
  #made = new Map();

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
    if (!this.#made.has(digits)) this.#made.set(digits, copies(answerTo("0".repeat(digits))));
    return this.#made.get(digits);
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
