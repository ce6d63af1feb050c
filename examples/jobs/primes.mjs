import { setImmediate } from "node:timers/promises";

/** Returns the number of primes below the limit. Calls `onProgress` with 25, 50, 75 and 100. */
export async function countPrimes(limit, onProgress = () => {}) {
  let count = 0;
  for (const percent of [25, 50, 75, 100]) {
    const start = Math.max(2, Math.ceil((limit * (percent - 25)) / 100));
    for (let n = start; n < (limit * percent) / 100; n++) {
      if (isPrime(n)) count++;
    }
    onProgress(percent);
    await setImmediate();
  }
  return count;
}

function isPrime(n) {
  for (let divisor = 2; divisor * divisor <= n; divisor++) {
    if (n % divisor === 0) return false;
  }
  return true;
}
