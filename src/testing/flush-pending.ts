/** Waiting without a time: for what is under way in memory. */

declare const setTimeout: (callback: () => void, milliseconds: number) => unknown;

// Taken at once: a test runner that fakes timers later does not stop us.
const later = setTimeout;

/**
 * Resolves when every promise that could be settled has been: in memory, all that was sent has arrived by then, and
 * has been answered unless a responder waits for something outside. The way to see that nothing happens.
 */
export function flushPending(): Promise<void> {
  return new Promise((resolve) => {
    later(resolve, 0);
  });
}
