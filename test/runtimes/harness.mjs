/** Test runner that works on every runtime: it runs named functions one after the other. */

/** Timeout of a test, in milliseconds. */
const TEST_TIMEOUT = 15_000;

const tests = [];

export function test(name, run) {
  tests.push({ name, run });
}

/** Runs the defined tests and prints a line of JSON for each: `{ name, ok, error? }`. */
export async function runAll() {
  for (const { name, run } of tests) {
    let timer;
    const late = new Promise((_, reject) => {
      timer = setTimeout(() => reject(new Error(`not done within ${TEST_TIMEOUT} ms`)), TEST_TIMEOUT);
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

/** Returns the error with which a promise rejects. Throws if it resolves or the error has another name. */
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
