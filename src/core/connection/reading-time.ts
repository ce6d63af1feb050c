/**
 * The time that all connections of the process spend reading. Each connection reads in slices; if many of them have more to
 * read than a slice, their slices together would still block the event loop. So they share a budget in each window.
 */

/** Milliseconds of a window. */
const WINDOW_MS = 20;
/** Milliseconds of a window that connections with much to read may use together. */
const SHARE_MS = 12;

let from = 0;
let used = 0;

/**
 * Notes that a connection has read for some time.
 * @returns true if the connections have used up their share of the window
 */
export function spendReadingTime(now: number, milliseconds: number): boolean {
  // Clocks of tests may differ from each other.
  if (now < from || now - from >= WINDOW_MS) {
    from = now;
    used = 0;
  }
  used += milliseconds;
  return used >= SHARE_MS;
}

/** Returns the milliseconds until connections may read again: 0 if they may read now. */
export function readingPause(now: number): number {
  if (used < SHARE_MS || now < from || now - from >= WINDOW_MS) return 0;
  return from + WINDOW_MS - now;
}
