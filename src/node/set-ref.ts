/** Timers, sockets and connections that keep the process running, or do not. */

interface Referable {
  ref(): unknown;
  unref(): unknown;
}

/** Decides whether a handle keeps the process running. @param refs false: it does not */
export function setRef(one: Referable | undefined, refs: boolean): void {
  if (refs) one?.ref();
  else one?.unref();
}
