/** Limits of the server under attack, as docs/servers.md recommends for a public server, but smaller, so that two minutes show what each does. */

const KIBIBYTE = 1024;
const MEBIBYTE = 1024 * KIBIBYTE;

/** Limits of each connection. */
export const HOSTILE_LIMITS = {
  maxBoxBytes: MEBIBYTE,
  maxUnsentBytes: MEBIBYTE,
  maxAsksInProgress: 100,
  maxBytesInProgress: 4 * MEBIBYTE,
  boxTimeout: 10_000,
  unsentTimeout: 10_000,
  pauseTimeout: 10_000,
  handshakeTimeout: 5_000,
  idleTimeout: 30_000,
};

/** Limits of all connections together. */
export const SERVER_LIMITS = { maxBytesInProgress: 64 * MEBIBYTE, maxUnsentBytes: 64 * MEBIBYTE };
