/** Checks that the time of a function grows linearly with its input. */
import { expect } from "vitest";

/** Times below this are dominated by noise, in milliseconds. */
const NOISE = 5;

/**
 * Expects that four times the input takes less than eight times the CPU time: linear growth takes four times, quadratic
 * growth sixteen times. The CPU time of this process does not depend on the load of the machine.
 *
 * @param make returns an input of about `size` units
 */
export function expectLinear<Input>(
  size: number,
  make: (size: number) => Input,
  run: (input: Input) => void,
) {
  const small = cpuTime(make(size), run);
  const large = cpuTime(make(4 * size), run);
  expect(large, `${size}: ${small} ms, ${4 * size}: ${large} ms`).toBeLessThan(8 * Math.max(small, NOISE));
}

/** Returns the lowest of three CPU times in milliseconds. */
function cpuTime<Input>(input: Input, run: (input: Input) => void): number {
  const times = [1, 2, 3].map(() => {
    const before = process.cpuUsage();
    run(input);
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 1000;
  });
  return Math.min(...times);
}
