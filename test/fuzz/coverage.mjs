/**
 * Coverage-guided mutation as in AFL, in one process. V8 counts which ranges of the built code an input reaches
 * (`node:inspector`). An input that reaches a new range is kept and mutated further.
 */
import { Session } from "node:inspector";

/** Inputs between two reads of the counters: a read costs more than an input. */
const BATCH = 16;
const LONGEST = 400;

export class Coverage {
  #session = new Session();
  /** @type {Set<string>} every range that was ever reached */
  seen = new Set();

  start() {
    this.#session.connect();
    this.#session.post("Profiler.enable");
    this.#session.post("Profiler.startPreciseCoverage", { callCount: true, detailed: true });
  }

  stop() {
    this.#session.disconnect();
  }

  /** Returns the ranges that were run since the last call. */
  take() {
    const ranges = [];
    this.#session.post("Profiler.takePreciseCoverage", (error, { result }) => {
      if (error) throw error;
      for (const { url, functions } of result) {
        const at = url.indexOf("/dist/");
        if (at < 0 || url.includes("node_modules")) continue;
        for (const one of functions)
          for (const { startOffset, endOffset, count } of one.ranges)
            if (count > 0) ranges.push(`${url.slice(at)}:${startOffset}-${endOffset}`);
      }
    });
    return ranges;
  }

  /** Adds the ranges run since the last call to `seen`. Returns true if one of them is new. */
  learn() {
    const before = this.seen.size;
    for (const range of this.take()) this.seen.add(range);
    return this.seen.size > before;
  }
}

/**
 * Mutates inputs until the time is over.
 * @param check throws or rejects if an input breaks the promise
 * @param {Uint8Array[]} seeds
 * @returns the number of runs, the inputs to keep, and the first that failed
 */
export async function explore(check, seeds, milliseconds, coverage) {
  const end = performance.now() + milliseconds;
  const kept = [];
  let runs = 0;
  const run = async (input) => {
    runs++;
    await check(input);
  };
  let current = new Uint8Array(0);
  try {
    coverage.take();
    // The shortest first, so that the shorter of two inputs with the same ranges is kept.
    for (const seed of [...seeds].sort((a, b) => a.length - b.length)) {
      current = seed;
      await run(seed);
      if (coverage.learn()) kept.push(seed);
    }
    if (kept.length === 0) kept.push(Uint8Array.of(0));
    while (performance.now() < end) {
      const batch = Array.from({ length: BATCH }, () => mutated(kept));
      for (const input of batch) {
        current = input;
        await run(input);
      }
      const known = new Set(coverage.seen);
      if (!coverage.learn()) continue;
      // One input of the batch reached a new range. They run again one at a time to find it.
      coverage.seen = known;
      for (const input of batch) {
        current = input;
        await run(input);
        if (coverage.learn()) kept.push(input);
      }
    }
  } catch (error) {
    return { runs, kept, failure: { input: current, error } };
  }
  return { runs, kept };
}

const below = (bound) => Math.floor(Math.random() * bound);
const INTERESTING = [0, 1, 2, 4, 0x2d, 0x30, 0x5f, 0x7f, 0x80, 0xc3, 0xff];

/** Returns one of the inputs with up to four changes, or two of them joined. */
function mutated(inputs) {
  const pick = () => inputs[below(inputs.length)];
  let bytes = [...pick()];
  for (let change = below(4); change >= 0; change--) {
    const at = below(bytes.length + 1);
    const byte = below(2) === 0 ? INTERESTING[below(INTERESTING.length)] : below(256);
    const kind = below(6);
    if (kind === 0) bytes.splice(at, 1, byte);
    else if (kind === 1) bytes.splice(at, 0, byte);
    else if (kind === 2) bytes.splice(at, 1 + below(4));
    else if (kind === 3) bytes.splice(at, 0, ...bytes.slice(at, at + 1 + below(24)));
    else if (kind === 4) bytes = [...bytes.slice(0, at), ...pick().slice(below(8))];
    else if (bytes.length > 0) bytes[at % bytes.length] ^= 1 << below(8);
  }
  return Uint8Array.from(bytes.slice(0, LONGEST));
}
