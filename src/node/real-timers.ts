/**
 * Timers of Node as they are when this module loads. A test runner may replace the global ones with fake timers later. A
 * handshake runs on real sockets, so it would then wait for a timer that never fires.
 */
export const { setTimeout, clearTimeout, setImmediate } = globalThis;

export const nextTick = process.nextTick.bind(process);

/** Resolves after this number of milliseconds. `node:timers/promises` is not used, because some fake timers replace it too. */
export function delay(milliseconds: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, milliseconds);
  });
}
