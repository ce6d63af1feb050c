/** Milliseconds that a peer may go on asking, once we want to end. */
export const LINGER = 2_000;
