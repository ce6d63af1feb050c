/** Milliseconds that a peer may go on asking, once we want to end. */
export const CLOSE_GRACE_MS = 2_000;
