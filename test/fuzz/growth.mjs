/** Every parser takes CPU time and memory in proportion to its input, whatever the input repeats. */
import * as fc from "fast-check";
import { liveBytes } from "./garbage.mjs";
import { parsers } from "./parsers.mjs";
import { assert } from "./promises.mjs";

/** Size of the first input in units of its parser. Each further input is twice as large. */
const FIRST = 256;
/** CPU time in milliseconds after which an input is large enough: quadratic growth is visible by then. */
const ENOUGH = 60;
/** Times below this are dominated by noise, in milliseconds. */
const NOISE = 6;
/** Live bytes that do not depend on the input: compiled code, caches. */
const SLACK = 1_500_000;
/** Measurements of a time that seems to grow too fast. The lowest counts: other threads of the process use CPU time too. */
const REPEATS = 5;

async function cpuTime(parser, input) {
  const before = process.cpuUsage();
  const result = await attempt(parser, input);
  const { user, system } = process.cpuUsage(before);
  return { time: (user + system) / 1000, result };
}

/** Returns the result of a parser, or the error with which it rejects the input. */
async function attempt(parser, input) {
  try {
    return await parser.run(input);
  } catch (error) {
    assert(error instanceof Error, `${parser.name} threw ${String(error)}`);
    return error;
  }
}

async function lowest(parser, size, shape) {
  let time = Infinity;
  for (let repeat = 0; repeat < REPEATS; repeat++)
    time = Math.min(time, (await cpuTime(parser, parser.make(size, shape))).time);
  return time;
}

/** Doubles the input until it takes a visible time or reaches the largest size that a peer can choose. */
export async function check({ parser: index, shape }) {
  const parser = parsers[index];
  const times = new Map();
  let size = FIRST;
  for (; ; size *= 2) {
    const { time } = await cpuTime(parser, parser.make(size, shape));
    times.set(size, time);
    if (time > ENOUGH || size * 2 > parser.largest) break;
  }
  const isLinear = (small, large) => large < 8 * Math.max(small, NOISE);
  if (!isLinear(times.get(size / 4) ?? 0, times.get(size))) {
    const [small, large] = [await lowest(parser, size / 4, shape), await lowest(parser, size, shape)];
    const figures = `${size / 4}: ${small.toFixed(1)} ms, ${size}: ${large.toFixed(1)} ms`;
    assert(isLinear(small, large), `the time of ${parser.name} does not grow linearly: ${figures}`);
  }
  await checkMemory(parser, size, shape);
}

/** Checks the memory of the result, while the input is live before and after. */
async function checkMemory(parser, size, shape) {
  const input = parser.make(size, shape);
  const bytes = parser.bytesOf(input);
  const before = liveBytes();
  const result = await attempt(parser, input);
  const held = liveBytes() - before;
  const limit = SLACK + parser.factor * bytes;
  assert(held < limit, `${parser.name} keeps ${held} bytes for ${bytes} bytes of input (${typeof result})`);
}

const arbitrary = fc.nat(parsers.length - 1).chain((parser) =>
  fc.record({
    parser: fc.constant(parser),
    shape: fc.record({
      before: fc.array(fc.constantFrom(...parsers[parser].tokens), { maxLength: 2 }),
      unit: fc.array(fc.constantFrom(...parsers[parser].tokens), { minLength: 1, maxLength: 3 }),
      after: fc.array(fc.constantFrom(...parsers[parser].tokens), { maxLength: 2 }),
    }),
  }),
);

export const growth = [
  {
    name: "growth",
    promise: "every parser takes time and memory in proportion to its input",
    arbitrary,
    check,
    share: 2.5,
  },
];
