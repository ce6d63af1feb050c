/** A test runner small enough to run on every runtime: names and functions, one after the other. */

/** Milliseconds until a test has failed. */
const PATIENCE = 15_000;

const tests = [];

export function test(name, run) {
  tests.push({ name, run });
}

/** Runs what was defined, and prints a line of JSON for each: `{ name, ok, error? }`. */
export async function runAll() {
  for (const { name, run } of tests) {
    let timer;
    const late = new Promise((_, reject) => {
      timer = setTimeout(() => reject(new Error(`not done within ${PATIENCE} ms`)), PATIENCE);
    });
    try {
      await Promise.race([run(), late]);
      console.log(JSON.stringify({ name, ok: true }));
    } catch (error) {
      console.log(JSON.stringify({ name, ok: false, error: String(error?.stack ?? error) }));
    } finally {
      clearTimeout(timer);
    }
  }
  process.exit();
}

export function equal(actual, expected) {
  const [one, other] = [actual, expected].map((value) => JSON.stringify(value));
  if (one !== other) throw new Error(`expected ${other}, got ${one}`);
}

/** What a promise rejects with; an error when it does not. */
export async function rejection(promise, name) {
  const error = await promise.then(
    (value) => {
      throw new Error(`expected ${name}, got an answer: ${JSON.stringify(value)}`);
    },
    (reason) => reason,
  );
  if (error?.name !== name && error?.constructor?.name !== name)
    throw new Error(`expected ${name}, got ${error?.stack}`);
  return error;
}
