/** Limits on the boxes that the subcommands read, and on what they print of them. */

/** Limits of `proxy`: it relays a larger box as raw bytes. `replay` reads what the proxy recorded, so it has the same. */
export const RELAY_LIMITS = { maxBoxBytes: 64 * 1024 * 1024, maxBoxKeys: 100_000 };

/** Limits of `decode`, which keeps one box at a time and answers no peer. */
export const DECODE_LIMITS = { maxBoxBytes: 256 * 1024 * 1024, maxBoxKeys: Number.POSITIVE_INFINITY };

/** Characters of one value in a line of text. JSON contains the whole value. */
export const MAX_VALUE_CHARACTERS = 200;
