/** A limit on waits in tests: a test whose event never comes fails with the name of the event, not with the time limit of vitest. */
import { type EventEmitter, once } from "node:events";

/**
 * Below the time limit of a test, and far above any wait in a test that passes. The mutation tests set a shorter one
 * (vitest.mutate.config.ts).
 */
const LONGEST_WAIT_MS = Number(process.env.AMPWIRE_LONGEST_WAIT_MS ?? 15_000);

// Before a test replaces them by fake timers.
const { setTimeout, clearTimeout, setImmediate } = globalThis;

/**
 * Returns the outcome of a promise.
 * @param what the event, for the message: "the connection to end"
 * @throws Error if the promise has not settled after the longest wait: 15 seconds by default
 */
export async function within<T>(promise: Promise<T>, what: string | (() => string)): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const error = new Error(); // here, so that its stack names the test that waits
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      error.message = `waited ${LONGEST_WAIT_MS / 1000} s for ${typeof what === "string" ? what : what()}`;
      reject(error);
    }, LONGEST_WAIT_MS);
  });
  timer?.unref(); // a test that no longer waits may end
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/**
 * Waits until a condition is true, and looks at it in each turn of the event loop. For states without an event.
 * @throws Error if it is not true after the longest wait; the message shows its code
 */
export async function until(holds: () => boolean): Promise<void> {
  let waiting = true;
  const poll = async (): Promise<void> => {
    while (waiting && !holds()) await new Promise<void>((resolve) => void setImmediate(resolve));
  };
  try {
    await within(poll(), () => String(holds).replace(/^\(\) => /, ""));
  } finally {
    waiting = false;
  }
}

/** Waits for an event of an emitter. Returns its arguments. */
export function event(emitter: EventEmitter, name: string) {
  return within(once(emitter, name), `the event ${name}`);
}
