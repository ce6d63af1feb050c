/** Limits on the boxes that the subcommands read, and on what they print of them. */

/** Limits of `proxy`: it relays a larger box as raw bytes. `replay` reads what the proxy recorded, so it has the same. */
export const RELAY_LIMITS = { maxBoxBytes: 64 * 1024 * 1024, maxBoxKeys: 100_000 };

/** Limits of `decode`, which keeps one box at a time and answers no peer. */
export const DECODE_LIMITS = { maxBoxBytes: 256 * 1024 * 1024, maxBoxKeys: Number.POSITIVE_INFINITY };

/** Maximum number of unanswered asks of one endpoint, and of bytes of their names and tags, that are paired. */
export const PENDING_LIMITS = { asks: 10_000, bytes: 16 * 1024 * 1024 };

/** Maximum number of connections that `decode` tracks at a time. */
export const MAX_CAPTURED_CONNECTIONS = 4_096;

/**
 * Maximum number of bytes that `decode` keeps of all connections together: 640 MiB, the most that one connection needs for a
 * box in each direction (256 MiB) and the segments after a gap (64 MiB).
 */
export const MAX_CAPTURED_BYTES = 640 * 1024 * 1024;

/** Characters of an error that `serve` prints: a peer chooses names and values in it. */
export const MAX_ERROR_CHARACTERS = 1_000;

/** Characters of one value, name, key or tag in a line of text. JSON contains the whole value. */
export const MAX_VALUE_CHARACTERS = 200;
