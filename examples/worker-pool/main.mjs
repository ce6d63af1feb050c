/** Counts primes in a pool of child processes, one of which is killed. */
import { CountPrimes, Crash } from "./commands.mjs";
import { Pool } from "./pool.mjs";

const STEP = 50_000;
const pool = new Pool(3);

const ranges = Array.from({ length: 12 }, (_, i) => ({ from: i * STEP, to: (i + 1) * STEP }));
const answers = ranges.map((range) => pool.call(CountPrimes, range));
const crash = pool.call(Crash).catch((error) => console.log(`a worker was killed: ${error.name}`));

const counted = await Promise.all(answers);
await crash;
const primes = counted.reduce((sum, { count }) => sum + count, 0);
console.log(`${primes} primes below ${ranges.length * STEP}`);
console.log(`counted by ${new Set(counted.map(({ worker }) => worker)).size} processes`);
await pool.close();
