/** Waiting for pending promises, without a duration. */

declare const setTimeout: (callback: () => void, milliseconds: number) => unknown;

// Read when the module loads, so that a test runner may replace the timers later.
const later = setTimeout;

/**
 * Resolves when all promises that can settle have settled. Boxes that were sent in memory have arrived by then, and have
 * been answered, unless a responder waits for an external event. Use it to check that something does not happen.
 */
export function flushPending(): Promise<void> {
  return new Promise((resolve) => {
    later(resolve, 0);
  });
}
